#pragma once
// `postern health`: what a container's health check runs, where there is no shell and no curl.

#include "command/context.hpp"

namespace postern::command {

// Asks the admin listener of a proxy with this environment: /healthz, or with --ready /readyz. Exit 0 when it
// answers 200 within 3 s, else 1 and why; 2 when the environment names no address to ask.
int health(std::span<const std::string> arguments, const Context& context);

}  // namespace postern::command
