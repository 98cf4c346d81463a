#pragma once
// The claims of a token (RFC 7519 4.1): what they must say, and what is read from them.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "token/json_object.hpp"
#include "token/verification.hpp"

namespace postern::token {

// Whether a claim of this name may hold the uid. Not the registered claims with a meaning of their own, none
// that tells of a client, a key or another kind of token, and none that Better Auth puts as text into the
// other tokens it signs with the same secret (e-mail verification, session cache): those would pass as a
// user. Both lack `sub`, so that one is safe.
bool can_hold_uid(std::string_view claim) noexcept;

// What the claims must say. Durations are whole seconds.
struct ClaimsPolicy {
  // The first that is present names the user; each one that can_hold_uid(), all different, at least one.
  // `sub` is passed over where no audience is demanded: an issuer's tokens for strangers carry it too.
  std::vector<std::string> uid_claims{"uid", "sub"};
  // Of tokens that a shared secret signed; a KeySet has its own.
  std::optional<std::string> issuer;
  std::optional<std::string> audience;
  std::int64_t leeway = 30;                            // 0 to 300
  std::optional<std::int64_t> max_lifetime = 2592000;  // nothing: not bounded
  bool subject_must_match = true;
  // Top-level names that conditions and claim headers read, all different: Verification::claims has one value
  // for each, in this order.
  std::vector<std::string> kept_claims{};
};

// Of whom, and for whom, a token must be; nothing: not looked at.
struct Parties {
  const std::optional<std::string>& issuer;
  const std::optional<std::string>& audience;
};

// Whether a token bound to the certificate of that thumbprint (empty: to none) may come over this connection.
// Asked of every request, of remembered tokens too: OpenSSL resumes sessions whose certificate has expired.
TokenFault check_binding(std::string_view thumbprint, const ClientCertificate& certificate,
                         std::int64_t now) noexcept;

class ClaimsReader {
 public:
  // Throws std::runtime_error when the uid claims are not as ClaimsPolicy says.
  explicit ClaimsReader(ClaimsPolicy policy);

  // Reads the decoded payload; false when it is no object as in json_object.hpp. All else is about the
  // payload last read, and views live until the next one and as long as it.
  bool read(std::string_view json);

  // iss; nothing when it is absent or no string.
  [[nodiscard]] std::optional<std::string_view> issuer() const noexcept;

  // Judges at `now`, Unix seconds. When there is no fault, sets all of `verified` but its fault. Bindings and
  // revocations are not looked at.
  TokenFault check(const Parties& parties, std::int64_t now, Verification& verified);

  // Of the certificate that the token is bound to, 43 characters; empty when it is not bound. After check().
  [[nodiscard]] std::string_view thumbprint() const noexcept;

 private:
  [[nodiscard]] TokenFault check_uid(bool audience_demanded, Verification& verified) const;

  ClaimsPolicy policy_;
  std::vector<std::string> names_;
  std::vector<std::size_t> uid_places_, kept_places_;  // among the names
  std::vector<ClaimValue> kept_;
  ObjectReader object_;
};

}  // namespace postern::token
