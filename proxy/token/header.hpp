#pragma once
// The JOSE header (RFC 7515 4). It never brings a key or says where one is: jku, jwk, x5u, x5c and the like
// are not even looked at (RFC 8725 3.1, 3.10). Its alg must be the key's own, its kid only selects among the
// keys of the token's issuer.

#include <optional>
#include <string_view>

#include "token/fault.hpp"
#include "token/json_object.hpp"
#include "token/signature/algorithm.hpp"

namespace postern::token {

// {"alg":"HS256","typ":"JWT"} as it travels: what sign_hs256() writes, and what Better Auth's tokens carry.
inline constexpr std::string_view usual_header = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";

struct Header {
  Algorithm algorithm = Algorithm::hs256;
  std::optional<std::string_view> kid;  // not looked at for HS256
};

class HeaderReader {
 public:
  HeaderReader();

  // Judges the decoded header; `header` is set when there is no fault, with views that live as long as `json`
  // and until the next check().
  TokenFault check(std::string_view json, Header& header);

 private:
  ObjectReader object_;
};

}  // namespace postern::token
