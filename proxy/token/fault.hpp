#pragma once
// Why a token is refused. The texts are for the log and the metrics; the client learns only expired or
// invalid.

#include <cstdint>
#include <string_view>

namespace postern::token {

enum class TokenFault : std::uint8_t {
  none,
  too_large,
  not_three_parts,
  malformed_base64url,
  malformed_header,  // not a strict JSON object: syntax, depth, UTF-8 or duplicate names, see json_object.hpp
  unsupported_algorithm,  // or one that no configured key is for
  unsupported_type,
  critical_extension,   // crit or b64 is there
  algorithm_confusion,  // the key of that kid is for another algorithm
  bad_signature,
  malformed_payload,  // likewise
  missing_expiry,
  malformed_time,  // exp, nbf or iat is not a finite number
  expired,
  not_yet_valid,
  issued_in_the_future,
  lifetime_too_long,
  wrong_issuer,
  wrong_audience,
  missing_uid,
  malformed_uid,
  subject_mismatch,
  id_token,           // at_hash, c_hash, s_hash or nonce is there (OpenID Connect Core 2, 3.3.2.11)
  client_token,       // sub is the client itself (RFC 9700 4.15)
  bound_to_key,       // cnf other than a certificate's thumbprint alone (RFC 7800, RFC 9449)
  wrong_certificate,  // cnf names another certificate than the connection's (RFC 8705 3)
  revoked,
  // All that can be checked without the key is in order, and a key is what is missing: see KeyWanted.
  unknown_key,  // its issuer's set has no key of that kid, or none for that algorithm
  no_key_set,   // its issuer's set was never had, or is too old to be used
};
std::string_view text_of(TokenFault fault) noexcept;

// Whether the token may be good, and only a key is missing to say so.
constexpr bool wants_key(TokenFault fault) noexcept {
  return fault == TokenFault::unknown_key || fault == TokenFault::no_key_set;
}

}  // namespace postern::token
