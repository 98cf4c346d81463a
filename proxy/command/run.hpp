#pragma once
// The command line: which command is meant, and what it says. No command touches a global: arguments,
// environment, streams and time come in as parameters.

#include <span>
#include <string>

#include "command/context.hpp"

namespace postern::command {

// `arguments` without the program's name. None: serve.
int run(std::span<const std::string> arguments, const Context& context);

}  // namespace postern::command
