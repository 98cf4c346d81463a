#pragma once
// `postern drain`: asks the running proxy to end serving, for a preStop hook.

#include <span>
#include <string>

#include "command/context.hpp"

namespace postern::command {

// [--after 10s] [--wait]
int drain(std::span<const std::string> arguments, const Context& context);

}  // namespace postern::command
