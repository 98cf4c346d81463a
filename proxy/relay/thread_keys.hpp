#pragma once
// The keys that one thread verifies and signs with, and what hangs on them.

#include <memory>
#include <optional>

#include "gate/identity_signer.hpp"
#include "relay/open_token.hpp"
#include "relay/settings.hpp"
#include "token/keyed_hash.hpp"
#include "token/verifier.hpp"

namespace postern::relay {

class ThreadKeys {
 public:
  // `settings` outlive it. `hash` is what Verification::uid_hash is made with.
  ThreadKeys(const Settings& settings, const Keys& keys, const token::KeyedHash& hash);

  void use(const Keys& keys);
  // The verifier's keys alone; streams whose token was revoked end, where the settings ask for that.
  void use_tokens(const std::shared_ptr<const token::Keys>& tokens);
  // As the verifier has them.
  [[nodiscard]] const token::Keys& tokens() const noexcept { return *tokens_; }

  token::Verifier verifier;
  std::optional<gate::IdentitySigner> identity_signer;  // with POSTERN_IDENTITY_KEY
  OpenToken::List open_tokens;                          // with POSTERN_CLOSE_AT_EXPIRY

 private:
  void use_identity_key(const token::SharedSecrets& key);

  const Settings& settings_;
  std::shared_ptr<const token::Keys> tokens_;
};

}  // namespace postern::relay
