#include "relay/thread_keys.hpp"

#include <utility>

namespace postern::relay {

ThreadKeys::ThreadKeys(const Settings& settings, const Keys& keys, const token::KeyedHash& hash)
    : verifier(keys.tokens, settings.claims, settings.token_cache, hash),
      settings_(settings),
      tokens_(keys.tokens) {
  use_identity_key(*keys.identity);
}

void ThreadKeys::use(const Keys& keys) {
  use_tokens(keys.tokens);
  use_identity_key(*keys.identity);
}

void ThreadKeys::use_tokens(const std::shared_ptr<const token::Keys>& tokens) {
  verifier.use(tokens);
  const bool same = std::exchange(tokens_, tokens)->revoked == tokens->revoked;
  if (same || !tokens->revoked) return;
  for (OpenToken& open : open_tokens) open.end_if_revoked(*tokens->revoked);
}

void ThreadKeys::use_identity_key(const token::SharedSecrets& key) {
  identity_signer.reset();
  const gate::Policy& policy = settings_.policy;
  const bool plain = policy.claim_headers.empty() && policy.overrides.empty();
  if (!key.all().empty()) {
    identity_signer.emplace(key.all().front(), plain ? gate::IdentityVersion::v1 : gate::IdentityVersion::v2);
  }
}

}  // namespace postern::relay
