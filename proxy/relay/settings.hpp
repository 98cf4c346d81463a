#pragma once
// What the workers need of the configuration, made once at start and immutable from then on.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "gate/judge.hpp"
#include "tls/context.hpp"
#include "token/verifier.hpp"

namespace postern::relay {

struct Settings {
  gate::Policy policy;
  token::ClaimsPolicy claims;
  std::size_t token_cache = 8U << 20;  // bytes a thread

  config::Endpoint listen;
  unsigned listen_mode = 0666;
  config::Endpoint upstream;
  std::string upstream_health_path;  // empty: readiness is a connection
  std::optional<config::Endpoint> admin_listen;

  std::vector<std::string> watched_files;  // read again when one of them changes

  std::string user_header;
  std::vector<std::string> cors_origins;
  config::TrustedProxies trusted_proxies;
  bool proxy_protocol = false;
  bool close_at_expiry = false;

  unsigned threads = 1;
  std::size_t max_connections = 10000;
  std::size_t max_header_bytes = 16384;
  config::Milliseconds header_timeout{};
  config::Milliseconds idle_timeout{};
  config::Milliseconds connect_timeout{};
  config::Milliseconds response_timeout{};
  config::Milliseconds stream_idle_timeout{};
  config::Milliseconds upstream_idle_timeout{};
  config::Milliseconds drain_timeout{};
};

Settings make_settings(const config::Config& config);

// What can change while serving: immutable itself, and replaced as a whole.
struct Keys {
  std::shared_ptr<const token::Keys> tokens;             // what verifies them
  std::shared_ptr<const token::SharedSecrets> identity;  // the key that signs what is forwarded, or none
  tls::Context server_tls;                               // null: clients speak plain HTTP
  tls::Context client_tls;                               // towards the upstream; null: plain HTTP
};

}  // namespace postern::relay
