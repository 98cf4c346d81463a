#include "config/keys/token_keys.hpp"

#include <memory>
#include <utility>

namespace postern::config {
namespace {

std::optional<std::string> demanded(const std::string& party) {
  if (party == "any") return std::nullopt;
  return party;
}

}  // namespace

token::Keys take_token_keys(Config& config) {
  token::Keys keys;
  keys.secrets = std::make_shared<const token::SharedSecrets>(std::exchange(config.secrets, {}));
  for (const KeySetSource& source : config.key_sets) {
    token::KeySet set;
    set.issuer = demanded(source.issuer);
    set.audience = demanded(source.audience);
    set.fetchable = source.is_url();
    set.state = source.is_url() ? token::KeySet::State::missing : token::KeySet::State::usable;
    set.keys = source.keys;
    keys.sets.push_back(std::make_shared<const token::KeySet>(std::move(set)));
  }
  keys.revoked = config.revoked;
  return keys;
}

}  // namespace postern::config
