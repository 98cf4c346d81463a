#pragma once
// A table of rules for people.

#include <string>

#include "route/rule_table.hpp"

namespace postern::route {

// A line for each rule, most specific first: kind, methods ("*": all), template, conditions; in columns.
std::string to_text(const RuleTable& table);

}  // namespace postern::route
