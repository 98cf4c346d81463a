#pragma once
// Problems for people.

#include <iosfwd>

#include "config/config.hpp"

namespace postern::config {

// One line for each.
void print_problems(const Outcome& outcome, std::ostream& out);
void print_warnings(const Outcome& outcome, std::ostream& out);

}  // namespace postern::config
