#pragma once
// `postern check`: is the configuration good, and what is it?

#include "command/context.hpp"

namespace postern::command {

// One NAME=value line for each variable to `out`, then the rules as comments, most specific first; warnings
// and problems to `err`.
int check(const Context& context);

}  // namespace postern::command
