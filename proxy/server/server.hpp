#pragma once
// The whole proxy: workers, the admin listener and the signals, from start to drained.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "keys/key_sets.hpp"
#include "observe/log/log.hpp"
#include "relay/settings.hpp"
#include "server/about.hpp"
#include "token/verifier.hpp"

namespace postern::server {

// Secrets and certificates as they are now.
struct ServerKeys {
  relay::Keys keys;       // revocations are kept by the server itself, which watches their file
  tls::Context jwks_tls;  // towards issuers; null: no set is https
  // Files of key sets that were read again and will not do. Their sets have no keys in `keys`.
  std::vector<std::string> problems;
};

// These, or why they could not be read; asked for on SIGHUP and when a file has changed.
using ReloadKeys = std::function<std::variant<ServerKeys, std::string>()>;

// Where keys come from while the server runs.
struct KeySettings {
  keys::KeySetSettings sets;
  std::string revoked_file;  // empty: none
};

// Serves until SIGTERM or SIGINT has drained it. Returns nothing then, or in one line why it could not start.
std::optional<std::string> serve(const relay::Settings& settings, const About& about,
                                 const KeySettings& key_settings, ServerKeys keys, const ReloadKeys& reload,
                                 observe::Log& log);

}  // namespace postern::server
