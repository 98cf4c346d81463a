#pragma once
// Variables that look as if they were meant for Postern and are none of its own.

#include <string_view>

namespace postern::config {

// Kubernetes puts these into every container beside a Service called "postern" or "postern-...".
bool injected_by_kubernetes(std::string_view name, std::string_view value) noexcept;

// The known name that `name` was probably meant to be; empty: none is near. Letters' case does not matter.
std::string_view suggestion_for(std::string_view name);

// The name of Better Auth's own that `name` is a slip of; empty: it is right, or somebody else's.
std::string_view misspelt_better_auth(std::string_view name);

}  // namespace postern::config
