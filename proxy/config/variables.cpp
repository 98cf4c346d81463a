#include "config/variables.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "config/endpoint.hpp"
#include "config/kinds.hpp"
#include "config/values.hpp"

namespace postern::config {
namespace {

using namespace kinds;

std::string read_listen(std::string_view value, Config& config) {
  auto parsed = parse_listen(value);
  if (const auto* problem = std::get_if<std::string>(&parsed)) return *problem;
  config.listen = std::get<Endpoint>(parsed);
  return std::string(good);
}

std::string read_upstream(std::string_view value, Config& config) {
  auto parsed = parse_upstream(value);
  if (const auto* problem = std::get_if<std::string>(&parsed)) return *problem;
  config.upstream = std::get<Endpoint>(parsed);
  return std::string(good);
}

std::string show_upstream(const Config& config) {
  const bool tcp = std::holds_alternative<TcpEndpoint>(config.upstream);
  return (tcp ? "http://" : "") + to_string(config.upstream);
}

std::string read_admin(std::string_view value, Config& config) {
  if (value == "off") {
    config.admin_listen.reset();
    return std::string(good);
  }
  auto parsed = parse_listen(value);
  if (const auto* problem = std::get_if<std::string>(&parsed)) return *problem;
  config.admin_listen = std::get<Endpoint>(parsed);
  return std::string(good);
}

template <route::RuleKind Kind>
std::string read_paths(std::string_view value, Config& config) {
  std::erase_if(config.rules, [](const route::Rule& rule) { return rule.kind == Kind; });
  std::string problems;
  for (const std::string_view text : parse_list(value)) {
    auto parsed = route::parse_template(text, Kind);
    if (auto* rule = std::get_if<route::Rule>(&parsed)) {
      config.rules.push_back(std::move(*rule));
    } else {
      problems += (problems.empty() ? "" : "; ") + shown(text) + ": " + std::get<std::string>(parsed);
    }
  }
  return problems;
}

template <route::RuleKind Kind>
std::string show_paths(const Config& config) {
  std::string out;
  for (const route::Rule& rule : config.rules) {
    if (rule.kind == Kind) out += (out.empty() ? "" : ",") + rule.text;
  }
  return out;
}

std::string read_uid_claim(std::string_view value, Config& config) {
  if (!token::can_hold_uid(value)) return shown(value) + " has a meaning of its own in a token";
  config.claims.uid_claim = value;
  return std::string(good);
}

bool is_token_character(char c) {
  constexpr std::string_view others = "!#$%&'*+-.^_`|~";  // RFC 9110 5.6.2
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         others.find(c) != std::string_view::npos;
}

std::string read_user_header(std::string_view value, Config& config) {
  constexpr std::array<std::string_view, 22> taken = {"host",
                                                      "authorization",
                                                      "connection",
                                                      "content-length",
                                                      "transfer-encoding",
                                                      "te",
                                                      "trailer",
                                                      "upgrade",
                                                      "expect",
                                                      "cookie",
                                                      "keep-alive",
                                                      "proxy-connection",
                                                      "content-type",
                                                      "origin",
                                                      "forwarded",
                                                      "x-forwarded-for",
                                                      "x-forwarded-proto",
                                                      "x-forwarded-host",
                                                      "x-request-id",
                                                      "traceparent",
                                                      "accept",
                                                      "proxy-authorization"};
  if (!std::all_of(value.begin(), value.end(), is_token_character))
    return shown(value) + " is no header name";
  std::string folded = lower_case(value);
  std::replace(folded.begin(), folded.end(), '_', '-');
  if (std::find(taken.begin(), taken.end(), folded) != taken.end() || folded.starts_with("sec-websocket-") ||
      folded.starts_with("access-control-")) {
    return shown(value) + " already has a meaning of its own";
  }
  config.user_header = value;
  return std::string(good);
}

template <std::optional<std::string> token::ClaimsPolicy::*Member>
std::string read_claim_text(std::string_view value, Config& config) {
  config.claims.*Member = std::string(value);
  return std::string(good);
}

template <std::optional<std::string> token::ClaimsPolicy::*Member>
std::string show_claim_text(const Config& config) {
  return (config.claims.*Member).value_or("");
}

std::string read_leeway(std::string_view value, Config& config) {
  const auto duration = parse_duration(value);
  if (!duration || duration->count() % 1000 != 0) return shown(value) + " is no duration in whole seconds";
  if (*duration > Milliseconds(300'000)) return not_between(value, "0s", "300s");
  config.claims.leeway = duration->count() / 1000;
  return std::string(good);
}

std::string read_lifetime(std::string_view value, Config& config) {
  if (value == "off") {
    config.claims.max_lifetime.reset();
    return std::string(good);
  }
  const auto duration = parse_duration(value);
  if (!duration || duration->count() % 1000 != 0 || duration->count() == 0) {
    return shown(value) + " is neither off nor a duration of at least 1s";
  }
  config.claims.max_lifetime = duration->count() / 1000;
  return std::string(good);
}

std::string show_lifetime(const Config& config) {
  return config.claims.max_lifetime ? to_string(Milliseconds(*config.claims.max_lifetime * 1000)) : "off";
}

std::string read_sub_must_match(std::string_view value, Config& config) {
  const auto yes = parse_bool(value);
  if (!yes) return shown(value) + " is neither true nor false";
  config.claims.subject_must_match = *yes;
  return std::string(good);
}

bool is_origin(std::string_view text) {
  if (text == "*") return true;
  const std::size_t scheme = text.find("://");
  if (scheme == 0 || scheme == std::string_view::npos) return false;
  const auto rest = text.substr(scheme + 3);
  return !rest.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F; }) &&
         rest.find_first_of("/?#@\"\\") == std::string_view::npos;
}

std::string read_cors_origins(std::string_view value, Config& config) {
  config.cors_origins.clear();
  for (const std::string_view origin : parse_list(value)) {
    if (!is_origin(origin)) return shown(origin) + " is no origin (scheme://host[:port], without a path)";
    config.cors_origins.emplace_back(origin);
  }
  return std::string(good);
}

std::string show_cors_origins(const Config& config) {
  std::string out;
  for (const std::string& origin : config.cors_origins) out += (out.empty() ? "" : ",") + origin;
  return out;
}

std::string read_trusted_proxies(std::string_view value, Config& config) {
  config.trusted_proxies.clear();
  for (const std::string_view text : parse_list(value)) {
    auto parsed = parse_address_range(text);
    if (const auto* problem = std::get_if<std::string>(&parsed)) return *problem;
    config.trusted_proxies.push_back(std::get<AddressRange>(parsed));
  }
  return std::string(good);
}

std::string show_trusted_proxies(const Config& config) {
  std::string out;
  for (const AddressRange& range : config.trusted_proxies) out += (out.empty() ? "" : ",") + to_string(range);
  return out;
}

constexpr std::array<std::string_view, 5> level_names = {"debug", "info", "warn", "error", "off"};
constexpr std::array<std::string_view, 2> format_names = {"json", "text"};

constexpr std::string_view word_forward = "forward", word_reject = "reject";
constexpr std::string_view word_header = "header", word_subprotocol = "subprotocol";

constexpr std::uint64_t kib = 1024, mib = kib * kib, tib = mib * mib;

constexpr VariableSpec not_available(std::string_view name, std::string_view meaning) {
  return {name, "", meaning, "", nullptr, nullptr};
}

using C = Config;
using route::RuleKind;

const std::array<VariableSpec, 40> table = {{
    {"POSTERN_LISTEN", "0.0.0.0:8080", "host:port, [v6]:port or unix:/path", "0.0.0.0:8080", read_listen,
     [](const C& c) { return to_string(c.listen); }},
    {"POSTERN_UPSTREAM", "http://127.0.0.1:8000", "http://host:port or unix:/path", "http://127.0.0.1:8000",
     read_upstream, show_upstream},
    {"POSTERN_ADMIN_LISTEN", "127.0.0.1:9090", "/healthz and /readyz; off turns it off", "127.0.0.1:9090",
     read_admin, [](const C& c) { return c.admin_listen ? to_string(*c.admin_listen) : "off"; }},
    {"POSTERN_USER_PATHS", "/api/{user_id}/**", "templates: a valid token whose uid is {user_id}",
     "/api/{user_id}/**", read_paths<RuleKind::user>, show_paths<RuleKind::user>},
    {"POSTERN_TOKEN_PATHS", "", "templates: any valid token", "/api/search", read_paths<RuleKind::any_token>,
     show_paths<RuleKind::any_token>},
    {"POSTERN_PUBLIC_PATHS", "", "templates: no token", "/health,/docs/**", read_paths<RuleKind::open>,
     show_paths<RuleKind::open>},
    {"POSTERN_UID_CLAIM", "uid", "the claim that names the user; sub suits Better Auth's default payload",
     "uid", read_uid_claim, [](const C& c) { return c.claims.uid_claim; }},
    {"POSTERN_USER_HEADER", "X-User-Id", "the header that carries the verified uid upstream", "X-User-Id",
     read_user_header, [](const C& c) { return c.user_header; }},
    {"POSTERN_JWT_ISSUER", "", "what iss must be; Better Auth's base URL", "https://auth.example.com",
     read_claim_text<&token::ClaimsPolicy::issuer>, show_claim_text<&token::ClaimsPolicy::issuer>},
    {"POSTERN_JWT_AUDIENCE", "", "what aud must be or hold; Better Auth's base URL",
     "https://auth.example.com", read_claim_text<&token::ClaimsPolicy::audience>,
     show_claim_text<&token::ClaimsPolicy::audience>},
    {"POSTERN_CLOCK_LEEWAY", "30s", "how far clocks may differ, 0s to 300s", "30s", read_leeway,
     [](const C& c) { return to_string(Milliseconds(c.claims.leeway * 1000)); }},
    {"POSTERN_MAX_TOKEN_LIFETIME", "30d", "longest exp - iat; off lifts it", "15m", read_lifetime,
     show_lifetime},
    {"POSTERN_SUB_MUST_MATCH", "true", "a sub beside the uid claim must equal it", "true",
     read_sub_must_match,
     [](const C& c) { return std::string(c.claims.subject_must_match ? "true" : "false"); }},
    {"POSTERN_FORWARD_AUTHORIZATION", "true", "false removes Authorization before the upstream", "true",
     read_bool<&C::forward_authorization>, show_bool<&C::forward_authorization>},
    {"POSTERN_TRUSTED_PROXIES", "", "addresses and ranges whose X-Forwarded-* are kept", "10.0.0.0/8,::1",
     read_trusted_proxies, show_trusted_proxies},
    {"POSTERN_CORS_ORIGINS", "", "origins that may read this proxy's own 4xx and 5xx",
     "https://app.example.com", read_cors_origins, show_cors_origins},
    {"POSTERN_CORS_PREFLIGHT", "forward", "forward, or reject: a preflight needs a token too", "forward",
     read_word<&C::forward_preflight, word_forward, word_reject>,
     show_word<&C::forward_preflight, word_forward, word_reject>},
    {"POSTERN_WEBSOCKET_TOKEN", "header", "subprotocol takes it from Sec-WebSocket-Protocol too",
     "subprotocol", read_word<&C::websocket_subprotocol_token, word_subprotocol, word_header>,
     show_word<&C::websocket_subprotocol_token, word_subprotocol, word_header>},
    {"POSTERN_CLOSE_AT_EXPIRY", "false", "a stream or websocket ends when its token does", "true",
     read_bool<&C::close_at_expiry>, show_bool<&C::close_at_expiry>},
    {"POSTERN_THREADS", "usable CPUs", "event loops, one thread each", "2",
     read_count<unsigned, &C::threads, 1, 1024>, show_count<unsigned, &C::threads>},
    {"POSTERN_MAX_CONNECTIONS", "10000", "beyond it: 503 with Retry-After", "10000",
     read_count<std::size_t, &C::max_connections, 1, 1'000'000>,
     show_count<std::size_t, &C::max_connections>},
    {"POSTERN_MAX_HEADER_BYTES", "16KiB", "longest request head, 1KiB to 1MiB", "16KiB",
     read_size<std::size_t, &C::max_header_bytes, kib, mib>, show_size<std::size_t, &C::max_header_bytes>},
    {"POSTERN_MAX_BODY_BYTES", "100MiB", "longest request body", "100MiB",
     read_size<std::uint64_t, &C::max_body_bytes, 0, tib>, show_size<std::uint64_t, &C::max_body_bytes>},
    {"POSTERN_HEADER_TIMEOUT", "10s", "for a whole request head, else 408", "10s",
     read_duration<&C::header_timeout>, show_duration<&C::header_timeout>},
    {"POSTERN_IDLE_TIMEOUT", "75s", "between requests, else close", "75s", read_duration<&C::idle_timeout>,
     show_duration<&C::idle_timeout>},
    {"POSTERN_CONNECT_TIMEOUT", "2s", "per address of the upstream, else 502", "2s",
     read_duration<&C::connect_timeout>, show_duration<&C::connect_timeout>},
    {"POSTERN_RESPONSE_TIMEOUT", "1m", "from the request sent to the response head, else 504", "60s",
     read_duration<&C::response_timeout>, show_duration<&C::response_timeout>},
    {"POSTERN_STREAM_IDLE_TIMEOUT", "5m", "without a byte in a body or websocket, else close", "5m",
     read_duration<&C::stream_idle_timeout>, show_duration<&C::stream_idle_timeout>},
    {"POSTERN_UPSTREAM_IDLE_TIMEOUT", "4s", "keep it below uvicorn's keep-alive of 5 s", "4s",
     read_duration<&C::upstream_idle_timeout>, show_duration<&C::upstream_idle_timeout>},
    {"POSTERN_DRAIN_TIMEOUT", "25s", "for requests in flight after SIGTERM", "25s",
     read_duration<&C::drain_timeout, 0>, show_duration<&C::drain_timeout>},
    {"POSTERN_LOG_LEVEL", "info", "debug, info, warn, error or off", "info",
     read_choice<LogLevel, &C::log_level, level_names>, show_choice<LogLevel, &C::log_level, level_names>},
    {"POSTERN_LOG_FORMAT", "json", "json, or text for people", "json",
     read_choice<LogFormat, &C::log_format, format_names>,
     show_choice<LogFormat, &C::log_format, format_names>},
    not_available("POSTERN_JWKS_URL", "Better Auth's JWK Set"),
    not_available("POSTERN_TLS_CERT", "certificate chain for TLS"),
    not_available("POSTERN_TLS_KEY", "private key for TLS"),
    not_available("POSTERN_TLS_CLIENT_CA", "authority of client certificates"),
    not_available("POSTERN_UPSTREAM_CA", "authority of the upstream's certificate"),
    not_available("POSTERN_UPSTREAM_HEALTH_PATH", "path that readiness asks"),
    not_available("POSTERN_PROXY_PROTOCOL", "PROXY protocol from trusted proxies"),
    not_available("POSTERN_IDENTITY_KEY", "key that signs the identity"),
}};

// Levenshtein's distance.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace

std::span<const VariableSpec> variables() {
  return table;
}

std::string_view nearest_variable(std::string_view unknown) {
  const auto name = unknown.substr(0, 64);  // a longer one is near to nothing
  return std::min_element(table.begin(), table.end(),
                          [name](const VariableSpec& a, const VariableSpec& b) {
                            return distance(name, a.name) < distance(name, b.name);
                          })
      ->name;
}

}  // namespace postern::config
