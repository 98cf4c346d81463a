#pragma once
// Stateless verification of a compact JWS carrying JWT claims (RFC 7515, RFC 7519, RFC 8725), by shared
// secrets with HS256 and by the public keys of JWK Sets. The algorithm is pinned by the key, never chosen by
// the token, and no key of one family ever serves in the other.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "token/claims.hpp"
#include "token/compact_jws.hpp"
#include "token/fault.hpp"
#include "token/keyed_hash.hpp"
#include "token/keys/keys.hpp"
#include "token/verification.hpp"

namespace postern::token {

inline constexpr std::size_t default_cache_bytes = 8U << 20;

// Holds reusable crypto contexts, scratch memory and the tokens that it verified lately, so one per thread;
// its answers depend on its arguments and its snapshot alone. Moved from, it may only be assigned to or
// destroyed.
class Verifier {
 public:
  // Throws std::runtime_error when OpenSSL has no HMAC-SHA256, a secret is empty or a uid claim cannot hold a
  // uid (start-up only). No keys at all: nothing verifies. At most `cache_bytes` of tokens are remembered.
  // `hash` is what Verification::uid_hash is made with.
  Verifier(std::shared_ptr<const Keys> keys, ClaimsPolicy policy,
           std::size_t cache_bytes = default_cache_bytes, const KeyedHash& hash = KeyedHash::random());
  // With shared secrets alone.
  Verifier(std::shared_ptr<const SharedSecrets> secrets, ClaimsPolicy policy);
  ~Verifier();
  Verifier(Verifier&&) noexcept;
  Verifier& operator=(Verifier&&) noexcept;

  // Judges by another snapshot from now on. Tokens whose key stays are remembered, the others are not.
  void use(std::shared_ptr<const Keys> keys);

  // `now` is Unix seconds.
  Verification verify(std::string_view token, std::int64_t now, const ClientCertificate& certificate = {});

  // verify() in its two halves: a token that is remembered, at the cost of a look, and all others. Returns
  // false, and leaves `verification` alone, for a token that is not remembered.
  [[nodiscard]] bool recall(std::string_view token, std::int64_t now, const ClientCertificate& certificate,
                            Verification& verification);
  Verification verify_anew(std::string_view token, std::int64_t now, const ClientCertificate& certificate);

  // How many tokens are remembered.
  [[nodiscard]] std::size_t remembered() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace postern::token
