#pragma once
// The JOSE header (RFC 7515 4). It never chooses the key or the algorithm: kid, jku, jwk, x5u and the like
// are not even looked at (RFC 8725 3.1, 3.10).

#include <string_view>

#include "token/json_object.hpp"
#include "token/verifier.hpp"

namespace postern::token {

// {"alg":"HS256","typ":"JWT"} as it travels: what sign_hs256() writes, and what Better Auth's tokens carry.
inline constexpr std::string_view usual_header = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";

class HeaderReader {
 public:
  HeaderReader();

  // Judges the decoded header.
  TokenFault check(std::string_view json);

 private:
  ObjectReader object_;
};

}  // namespace postern::token
