#pragma once
// What the workers need of the configuration, made once at start and immutable from then on.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "gate/judge.hpp"
#include "token/verifier.hpp"

namespace postern::net {

struct Settings {
  gate::Policy policy;
  token::ClaimsPolicy claims;

  config::Endpoint listen;
  config::Endpoint upstream;
  std::optional<config::Endpoint> admin_listen;

  std::string secret_file;  // read again when it changes; empty: none

  std::string user_header;
  std::vector<std::string> cors_origins;
  std::vector<config::AddressRange> trusted_proxies;
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

}  // namespace postern::net
