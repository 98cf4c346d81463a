#pragma once
// `postern explain`: what would become of a request, judged by the very function that the server runs.

#include "command/context.hpp"

namespace postern::command {

// [--token T|-] [METHOD] [TARGET]: a line for each step of the decision, then the answer. `done` whatever the
// answer. --batch FILE: see explain_batch.hpp.
int explain(std::span<const std::string> arguments, const Context& context);

}  // namespace postern::command
