#pragma once
// What the commands are and which variables they read.

#include <iosfwd>
#include <string_view>

#include "command/context.hpp"

namespace postern::command {

void print_help(std::ostream& out);

// Says what is wrong with the arguments and where help is; returns `misused`.
int misuse(const Context& context, std::string_view problem);

}  // namespace postern::command
