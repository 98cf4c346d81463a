#pragma once
// The configuration: read from environment variables only, every problem collected, no secret ever printed.

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "config/values/http_url.hpp"
#include "config/values/values.hpp"
#include "route/claim_use.hpp"
#include "route/rule.hpp"
#include "tls/context.hpp"
#include "token/claims.hpp"
#include "token/keys/public_key.hpp"
#include "token/revoked_list.hpp"

namespace postern::config {

// An address to listen on or to connect to.
struct TcpEndpoint {
  std::string host;  // name, IPv4, or IPv6 without brackets
  std::uint16_t port = 0;
};
struct UnixEndpoint {
  std::string path;
};
using Endpoint = std::variant<TcpEndpoint, UnixEndpoint>;
std::string to_string(const Endpoint& endpoint);  // "host:port", "[v6]:port", "unix:/path"

// A range of peer addresses, "10.0.0.0/8", "::1". Addresses are kept as 16 bytes, IPv4 mapped.
struct AddressRange {
  std::array<unsigned char, 16> network{};
  unsigned prefix = 128;  // of the mapped form: 96 + the IPv4 prefix

  [[nodiscard]] bool contains(const std::array<unsigned char, 16>& address) const noexcept;
};

// Whose word is believed about the client behind them.
struct TrustedProxies {
  std::vector<AddressRange> ranges;
  bool unix_peers = false;  // "unix" is named: whoever connects to a unix listener
};

enum class LogLevel : std::uint8_t { debug, info, warn, error, off };
enum class LogFormat : std::uint8_t { json, text };

// `count` in each `period`, and `burst` at once.
struct RateSetting {
  std::uint32_t count = 0;
  Milliseconds period{1000};
  std::uint32_t burst = 0;
};

// One JWK Set: where it is, and whose tokens its keys are good for.
struct KeySetSource {
  std::string url;  // as written; empty: a file
  HttpUrl address;  // of the URL
  std::string file;
  std::string issuer, audience;        // "any": not checked
  std::vector<token::PublicKey> keys;  // of a file

  [[nodiscard]] bool is_url() const noexcept { return !url.empty(); }
};

struct Config {
  std::vector<std::string> secrets;  // verify in this order; wiped by clear_secrets()
  std::string secret_file;           // where one of them came from; empty: none of them from a file
  std::string secrets_file;          // likewise, of the rotation list
  std::string better_auth_url;       // as written; empty: none
  std::vector<KeySetSource> key_sets;
  Milliseconds jwks_refresh{300'000};                 // 1s to 30d
  Milliseconds jwks_cooldown{30'000};                 // 1s to 1h
  Milliseconds jwks_max_stale{86'400'000};            // 1s to 30d
  std::string jwks_ca_file;                           // empty: the system's authorities
  tls::Context jwks_tls;                              // null: no set is https
  std::string revoked_file;                           // empty: none
  std::shared_ptr<const token::RevokedList> revoked;  // null: none
  std::size_t token_cache = 8U << 20;                 // bytes per thread; 0: off
  std::string identity_key;       // signs what is forwarded; empty: nothing does; wiped by clear_secrets()
  std::string identity_key_file;  // where it came from; empty: not from a file

  Endpoint listen = TcpEndpoint{"0.0.0.0", 8080};
  unsigned listen_mode = 0666;  // permissions of a unix listener's path
  Endpoint upstream = TcpEndpoint{"127.0.0.1", 8000};
  bool upstream_tls = false;
  std::string upstream_health_path;  // empty: none
  std::optional<Endpoint> admin_listen = TcpEndpoint{"127.0.0.1", 9090};

  // File names; empty: none. The contexts are made of what is in them.
  std::string tls_cert_file;
  std::string tls_key_file;
  std::string tls_client_ca_file;
  std::string upstream_ca_file;
  tls::Context server_tls;  // null: clients speak plain HTTP
  tls::Context client_tls;  // towards the upstream; null: plain HTTP

  std::vector<route::Rule> rules;
  std::vector<route::Override> overrides;
  std::vector<route::ClaimHeader> claim_headers;  // ordered by their names in lower case
  std::optional<std::int64_t> shadow_until;       // Unix seconds
  token::ClaimsPolicy claims;
  std::string user_header = "X-User-Id";

  bool no_jwks_url = false;   // POSTERN_JWKS_URL=off
  bool any_issuer = false;    // POSTERN_JWT_ISSUER=any
  bool any_audience = false;  // POSTERN_JWT_AUDIENCE=any
  bool forward_authorization = true;
  bool forward_preflight = true;
  std::vector<std::string> cors_origins;
  bool websocket_subprotocol_token = false;
  bool close_at_expiry = false;
  TrustedProxies trusted_proxies;
  bool proxy_protocol = false;

  unsigned threads = 1;  // at least 1
  std::size_t max_connections = 10000;
  std::size_t max_header_bytes = 16384;
  std::uint64_t max_body_bytes = 100ULL << 20;  // UINT64_MAX: not bounded
  Milliseconds header_timeout{10'000};
  Milliseconds idle_timeout{75'000};
  Milliseconds connect_timeout{2'000};
  Milliseconds response_timeout{60'000};
  Milliseconds stream_idle_timeout{300'000};
  Milliseconds upstream_idle_timeout{4'000};  // 0: no connection is used twice
  Milliseconds drain_timeout{25'000};

  LogLevel log_level = LogLevel::info;
  LogFormat log_format = LogFormat::json;
  double log_sample = 1;  // the share of 2xx that is logged, 0 to 1

  std::optional<RateSetting> user_rate;         // per uid; nothing: off
  std::optional<RateSetting> failed_auth_rate;  // per client address; nothing: off

  void clear_secrets() noexcept;  // overwrites them
};

// One thing wrong, e.g. {"POSTERN_LISTEN", "port is missing", "POSTERN_LISTEN=0.0.0.0:8080"}.
struct Problem {
  std::string variable;
  std::string what;
  std::string example;
};
std::string to_string(const Problem& problem);  // one line, no secret in it

struct Outcome {
  Config config;  // to be used only when there are no problems
  std::vector<Problem> problems;
  std::vector<std::string> warnings;  // one line each
};

struct Variable {
  std::string_view name;
  std::string_view value;
};

// A file read whole, or why it could not be ("Permission denied").
struct FileContent {
  std::string bytes;
  std::string error;   // empty: bytes are good
  bool exists = true;  // false: nothing has that name, which may then be no name at all but a secret
};

// What reading needs of the host, as values, so that it can be tested.
struct HostEnvironment {
  std::function<FileContent(const std::string& path)> read_file;
  unsigned usable_cpus = 1;
  std::int64_t now = 0;  // Unix seconds
  // For files that may be longer than a secret; empty: read_file serves.
  std::function<FileContent(const std::string& path)> read_large_file{};
};

// Every variable is looked at and every problem noted. An empty value counts as unset (compose files pass
// `${X:-}`).
Outcome read(std::span<const Variable> environment, const HostEnvironment& host);

// Each variable with its effective value in declaration order, secrets redacted; for `postern check`.
std::vector<std::pair<std::string, std::string>> describe(const Config& config);

}  // namespace postern::config
