#pragma once
// Stateless verification of a compact JWS carrying JWT claims (RFC 7515, RFC 7519, RFC 8725), HS256 with one
// or more shared secrets. The algorithm is pinned here, never chosen by the token.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "token/claim_value.hpp"
#include "token/uid.hpp"

namespace postern::token {

inline constexpr std::size_t max_token_bytes = 8192;

// Why a token is refused; text_of() is for the log and the metrics, the client learns only expired or
// invalid.
enum class TokenFault : std::uint8_t {
  none,
  too_large,
  not_three_parts,
  malformed_base64url,
  malformed_header,  // not a strict JSON object: syntax, depth, UTF-8 or duplicate names, see json_object.hpp
  unsupported_algorithm,
  unsupported_type,
  critical_extension,  // crit or b64 is there
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
};
std::string_view text_of(TokenFault fault) noexcept;

// Whether a claim of this name may hold the uid. Not the registered claims with a meaning of their own, and
// none that Better Auth puts as text into the other tokens it signs with the same secret (e-mail
// verification, session cache): those would pass as a user. Both lack `sub`, so that one is safe.
bool can_hold_uid(std::string_view claim) noexcept;

// What the claims must say. Durations are whole seconds.
struct ClaimsPolicy {
  std::string uid_claim = "uid";  // one that can_hold_uid()
  std::optional<std::string> issuer;
  std::optional<std::string> audience;
  std::int64_t leeway = 30;                            // 0 to 300
  std::optional<std::int64_t> max_lifetime = 2592000;  // nothing: not bounded
  bool subject_must_match = true;
  std::vector<std::string> kept_claims;  // top-level names, all different: what Verification::claims tells
};

// The secrets that verify, in the order they are tried; immutable, wiped when destroyed. Shared by all
// threads.
class SharedSecrets {
 public:
  explicit SharedSecrets(std::vector<std::string> secrets);
  ~SharedSecrets();
  SharedSecrets(const SharedSecrets&) = delete;
  SharedSecrets& operator=(const SharedSecrets&) = delete;

  [[nodiscard]] const std::vector<std::string>& all() const noexcept { return secrets_; }

 private:
  std::vector<std::string> secrets_;
};

struct Verification {
  TokenFault fault = TokenFault::none;
  Uid uid;                      // set when fault is none
  std::int64_t expires_at = 0;  // Unix seconds, exp rounded down and clamped; set when fault is none
  // Set when fault is none, one for each name of ClaimsPolicy::kept_claims, in that order; valid until the
  // verifier's next verify().
  std::span<const ClaimValue> claims{};
};

// Holds reusable crypto contexts, scratch memory and the tokens that it verified lately, so one per thread;
// its answers depend on its arguments alone. Moved from, it may only be assigned to or destroyed.
class Verifier {
 public:
  // Throws std::runtime_error when OpenSSL has no HMAC-SHA256, a secret is empty or the uid claim cannot hold
  // a uid (start-up only). No secrets at all: nothing verifies.
  Verifier(const std::shared_ptr<const SharedSecrets>& secrets, ClaimsPolicy policy);
  ~Verifier();
  Verifier(Verifier&&) noexcept;
  Verifier& operator=(Verifier&&) noexcept;

  // `now` is Unix seconds.
  Verification verify(std::string_view token, std::int64_t now);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// A compact HS256 token with header {"alg":"HS256","typ":"JWT"}; `payload` is the JSON text to sign. For
// `postern token`.
std::string sign_hs256(std::string_view payload, std::string_view secret);

}  // namespace postern::token
