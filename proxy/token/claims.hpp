#pragma once
// The claims of a token whose signature is good (RFC 7519 4.1).

#include <cstdint>
#include <string_view>

#include "token/json_object.hpp"
#include "token/verifier.hpp"

namespace postern::token {

class ClaimsReader {
 public:
  // Throws std::runtime_error when can_hold_uid(policy.uid_claim) is false.
  explicit ClaimsReader(ClaimsPolicy policy);

  // Judges the decoded payload at `now`, Unix seconds. When there is no fault, sets the uid and the expiry of
  // `verified`.
  TokenFault check(std::string_view json, std::int64_t now, Verification& verified);

 private:
  ClaimsPolicy policy_;
  ObjectReader object_;
};

}  // namespace postern::token
