#pragma once
// What the settings of the policy say together.

#include "config/config.hpp"

namespace postern::config {

// Sets which claims are kept. Notes conflicts of rules and headers and an end of shadow mode that is too far
// away as problems, and what is odd as warnings.
void check_policy(const HostEnvironment& host, Outcome& outcome);

}  // namespace postern::config
