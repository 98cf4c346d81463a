#pragma once
// `postern serve`: the proxy itself.

#include "command/context.hpp"

namespace postern::command {

// Runs until drained: `done` then, `failed` when it could not start, `misused` on a bad configuration.
int serve(const Context& context);

}  // namespace postern::command
