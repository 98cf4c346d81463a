#pragma once
// Why the gate decided as it did, as exactly as can be told from the request alone.

#include <string>

#include "explain/subject.hpp"
#include "observe/causes.hpp"

namespace postern::explain {

struct Diagnosis {
  observe::Cause cause = observe::Cause::malformed_head;
  std::string detail;  // what was found, and what was expected; may be empty. No token, no secret
};

// Of a verdict that refuses, or would but for shadow mode.
Diagnosis find_cause(const Subject& subject);

// What find_cause() asks about a token that was read, or could not be: see token_cause.cpp.
Diagnosis find_token_cause(const Subject& subject, observe::Cause general);

// "3 minutes ago", "in 12 minutes".
std::string distance(std::int64_t moment, std::int64_t now);

}  // namespace postern::explain
