#pragma once
// `postern explain`: what would become of a request, judged by the very function that the server runs.

#include "command/context.hpp"

namespace postern::command {

// [--json] [--token T|FILE|-]... [--header 'NAME: VALUE']... [METHOD] [TARGET]: the cause, the remedy, a line
// for each step of the decision, the answer. `done` when the request is forwarded, `failed` when it is
// refused. A key set that the token's issuer publishes is fetched once. --batch FILE: see explain_batch.hpp.
int explain(std::span<const std::string> arguments, const Context& context);

}  // namespace postern::command
