#pragma once
// What was expected of a token and what was found, check by check: what a person compares with the other
// side.

#include <string>
#include <vector>

#include "explain/subject.hpp"

namespace postern::explain {

struct TokenCheck {
  std::string name;      // "alg", "iss", "secrets", ...
  std::string expected;  // empty: nothing
  std::string found;
  bool good = true;
};

// Empty where there is no token that can be read. No token and no secret is in it.
std::vector<TokenCheck> token_checks(const Subject& subject);

}  // namespace postern::explain
