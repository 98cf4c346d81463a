#pragma once
// What is found out about a token, and what of the connection counts.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "token/claim_value.hpp"
#include "token/fault.hpp"
#include "token/uid.hpp"

namespace postern::token {

// The client's certificate on this very TLS connection; verified there, by the handshake.
struct ClientCertificate {
  std::string_view thumbprint;  // base64url of the SHA-256 of its DER (RFC 8705 3.1); empty: none was shown
  std::int64_t not_after = 0;   // Unix seconds; from then on it binds nothing
};

// What a revocation can name of a token, beside the uid.
struct Revocable {
  std::string_view sub, jti, sid;         // empty where absent or no strings
  std::optional<std::int64_t> issued_at;  // iat, Unix seconds rounded down
};

// Which key is missing; set with a fault that wants_key().
struct KeyWanted {
  std::size_t set = 0;     // index into Keys::sets
  bool fetchable = false;  // the set comes from an address: a fetch may bring the key
};

struct Verification {
  TokenFault fault = TokenFault::none;
  Uid uid;                      // set when fault is none
  std::uint64_t uid_hash = 0;   // likewise; by the verifier's keyed hash
  std::int64_t expires_at = 0;  // Unix seconds, exp rounded down and clamped; set when fault is none
  // Set when fault is none, one for each name of ClaimsPolicy::kept_claims, in that order. These and the
  // views in `revocable` are valid until the verifier's next verify() or use().
  std::span<const ClaimValue> claims{};
  Revocable revocable{};
  bool remembered = false;  // verified before: this time it cost no signature and no JSON
  KeyWanted wanted{};
};

}  // namespace postern::token
