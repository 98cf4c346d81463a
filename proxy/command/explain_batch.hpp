#pragma once
// `postern explain --batch FILE`: a policy's tests, without a service and without a token.

#include <string>

#include "command/context.hpp"

namespace postern::command {

// Judges the lines of the file (see policy_cases.hpp) under the configured policy. Prints those that differ,
// with what became of them, and a summary. `failed` where one differs, `misused` where the file cannot be
// read.
int explain_batch(const std::string& file, const Context& context);

}  // namespace postern::command
