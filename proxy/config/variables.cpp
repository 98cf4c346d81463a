#include "config/variables.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "config/keys/key_sources.hpp"
#include "config/policy_parsers.hpp"
#include "config/setting_parsers.hpp"
#include "config/value_parsers.hpp"
#include "config/values/rates.hpp"

namespace postern::config {
namespace {

using namespace value_parsers;
using namespace setting_parsers;

constexpr std::array<std::string_view, 5> level_names = {"debug", "info", "warn", "error", "off"};
constexpr std::array<std::string_view, 2> format_names = {"json", "text"};

constexpr std::string_view word_forward = "forward", word_reject = "reject";
constexpr std::string_view word_header = "header", word_subprotocol = "subprotocol";

constexpr std::uint64_t kib = 1024, mib = kib * kib, gib = mib * kib;
constexpr std::int64_t second = 1000, hour = 3600 * second, month = std::int64_t{30} * 24 * hour;

using C = Config;
using route::RuleKind;

const auto table = std::to_array<VariableSpec>({
    {"POSTERN_LISTEN", "0.0.0.0:8080", "host:port, [v6]:port or unix:/path", "0.0.0.0:8080", read_listen,
     [](const C& c) { return to_string(c.listen); }},
    {"POSTERN_LISTEN_MODE", "0666", "permissions of a unix listener's path, in octal", "0660",
     read_listen_mode, show_listen_mode},
    {"POSTERN_UPSTREAM", "http://127.0.0.1:8000", "http:// or https://host:port, or unix:/path",
     "http://127.0.0.1:8000", read_upstream, show_upstream},
    {"POSTERN_ADMIN_LISTEN", "127.0.0.1:9090",
     "/healthz, /readyz, /metrics, the status page; off turns it off", "127.0.0.1:9090", read_admin,
     [](const C& c) { return c.admin_listen ? to_string(*c.admin_listen) : "off"; }},
    {"POSTERN_USER_PATHS", "/api/{user_id}/**",
     "rules, [METHOD|... ]TEMPLATE [ claim=value | {name}=claim]...: a valid token whose uid is {user_id}; "
     "off: none",
     "/api/{user_id}/**", read_paths<RuleKind::user>, show_paths<RuleKind::user>},
    {"POSTERN_TOKEN_PATHS", "", "rules: any valid token",
     "/api/search,/api/orgs/{org_id}/** {org_id}=activeOrganizationId", read_paths<RuleKind::any_token>,
     show_paths<RuleKind::any_token>},
    {"POSTERN_OPTIONAL_PATHS", "", "rules: no credentials, or a valid token", "GET /api/feed",
     read_paths<RuleKind::optional>, show_paths<RuleKind::optional>},
    {"POSTERN_PUBLIC_PATHS", "", "rules: no token", "/health,GET /docs/**", read_paths<RuleKind::open>,
     show_paths<RuleKind::open>},
    {"POSTERN_OVERRIDE", "",
     "[METHOD|... ]claim=value: tokens that may use other users' paths, GET and HEAD alone if no method is "
     "named",
     "role=admin", read_overrides, show_overrides},
    {"POSTERN_CLAIM_HEADERS", "", "Header=claim: verified claims for the service",
     "X-User-Role=role,X-User-Org=activeOrganizationId", read_claim_headers, show_claim_headers},
    {"POSTERN_SHADOW_UNTIL", "",
     "until then, at most 90 days ahead, refusals are forwarded without identity and only logged",
     "2027-01-31T00:00:00Z", read_shadow_until, show_shadow_until},
    {"POSTERN_UID_CLAIM", "uid,sub",
     "the claims that name the user, the first that is there; sub only where an audience is demanded", "uid",
     read_uid_claims, show_uid_claims},
    {"POSTERN_USER_HEADER", "X-User-Id", "the header that carries the verified uid upstream", "X-User-Id",
     read_user_header, [](const C& c) { return c.user_header; }},
    {"POSTERN_JWKS_URL", "",
     "where issuers publish their keys: URL iss=ISSUER aud=AUDIENCE, ...; from BETTER_AUTH_URL",
     "https://auth.example.com/api/auth/jwks iss=https://auth.example.com aud=https://auth.example.com",
     read_jwks_url, show_jwks_url},
    {"POSTERN_JWKS_FILE", "", "files with an issuer's keys, likewise",
     "/etc/postern/jwks.json iss=https://auth.example.com aud=https://auth.example.com", read_jwks_file,
     show_jwks_file},
    {"POSTERN_JWKS_REFRESH", "5m", "how often keys are fetched, 1s to 30d", "5m",
     read_duration<&C::jwks_refresh, second, month>, show_duration<&C::jwks_refresh>},
    {"POSTERN_JWKS_COOLDOWN", "30s", "least time between fetches that unknown keys cause, 1s to 1h", "30s",
     read_duration<&C::jwks_cooldown, second, hour>, show_duration<&C::jwks_cooldown>},
    {"POSTERN_JWKS_MAX_STALE", "1d", "how long keys serve while none can be fetched, 1s to 30d", "24h",
     read_duration<&C::jwks_max_stale, second, month>, show_duration<&C::jwks_max_stale>},
    {"POSTERN_JWKS_CA", "", "PEM file: authorities for https key sets; without it the system's",
     "/run/secrets/jwks-ca.crt", read_text<&C::jwks_ca_file>, show_text<&C::jwks_ca_file>},
    {"POSTERN_JWT_ISSUER", "", "what iss must be; from BETTER_AUTH_URL; any waives it",
     "https://auth.example.com", read_party<&token::ClaimsPolicy::issuer, &C::any_issuer>,
     show_party<&token::ClaimsPolicy::issuer, &C::any_issuer>},
    {"POSTERN_JWT_AUDIENCE", "", "what aud must be or hold; from BETTER_AUTH_URL; any waives it",
     "https://auth.example.com", read_party<&token::ClaimsPolicy::audience, &C::any_audience>,
     show_party<&token::ClaimsPolicy::audience, &C::any_audience>},
    {"POSTERN_REVOKED_FILE", "", "file of revoked tokens: sub NAME before SECONDS, jti ID, sid ID",
     "/etc/postern/revoked", read_text<&C::revoked_file>, show_text<&C::revoked_file>},
    {"POSTERN_TOKEN_CACHE", "8MiB", "memory of verified tokens per thread, up to 1GiB; 0 turns it off",
     "8MiB", read_size<std::size_t, &C::token_cache, 0, gib>, show_size<std::size_t, &C::token_cache>},
    {"POSTERN_CLOCK_LEEWAY", "30s", "how far clocks may differ, 0s to 300s", "30s", read_leeway,
     [](const C& c) { return to_string(Milliseconds(c.claims.leeway * 1000)); }},
    {"POSTERN_MAX_TOKEN_LIFETIME", "30d", "longest exp - iat; off lifts it", "15m", read_lifetime,
     show_lifetime},
    {"POSTERN_SUB_MUST_MATCH", "true", "a sub beside the uid claim must equal it", "true",
     read_sub_must_match,
     [](const C& c) { return std::string(c.claims.subject_must_match ? "true" : "false"); }},
    {"POSTERN_FORWARD_AUTHORIZATION", "true", "false removes Authorization before the upstream", "true",
     read_bool<&C::forward_authorization>, show_bool<&C::forward_authorization>},
    {"POSTERN_TRUSTED_PROXIES", "", "addresses, ranges and unix: whose X-Forwarded-* are kept",
     "10.0.0.0/8,::1", read_trusted_proxies, show_trusted_proxies},
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
    {"POSTERN_MAX_HEADER_BYTES", "16KiB", "longest head, of either direction, 1KiB to 1MiB", "16KiB",
     read_size<std::size_t, &C::max_header_bytes, kib, mib>, show_size<std::size_t, &C::max_header_bytes>},
    {"POSTERN_MAX_BODY_BYTES", "100MiB", "longest request body; 0 allows none, off lifts the limit", "100MiB",
     read_body_limit, show_body_limit},
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
    {"POSTERN_UPSTREAM_IDLE_TIMEOUT", "4s", "keep it below uvicorn's keep-alive of 5 s; 0s: no reuse", "4s",
     read_duration<&C::upstream_idle_timeout, 0>, show_duration<&C::upstream_idle_timeout>},
    {"POSTERN_DRAIN_TIMEOUT", "25s", "for requests in flight after SIGTERM", "25s",
     read_duration<&C::drain_timeout, 0>, show_duration<&C::drain_timeout>},
    {"POSTERN_LOG_LEVEL", "info", "debug, info, warn, error or off", "info",
     read_choice<LogLevel, &C::log_level, level_names>, show_choice<LogLevel, &C::log_level, level_names>},
    {"POSTERN_LOG_FORMAT", "json", "json, or text for people", "json",
     read_choice<LogFormat, &C::log_format, format_names>,
     show_choice<LogFormat, &C::log_format, format_names>},
    {"POSTERN_LOG_SAMPLE", "1", "the share of 2xx that is logged, 0 to 1", "0.1", read_log_sample,
     show_log_sample},
    {"POSTERN_USER_RATE", "off", "requests of one user, beyond it: 429", "50/s burst 100",
     read_rate<&C::user_rate>, show_rate<&C::user_rate>},
    {"POSTERN_FAILED_AUTH_RATE", "off", "invalid tokens from one address, beyond it: 429", "5/s burst 20",
     read_rate<&C::failed_auth_rate>, show_rate<&C::failed_auth_rate>},
    {"POSTERN_TLS_CERT", "", "PEM file with the certificate chain; clients then speak TLS 1.2 or 1.3",
     "/run/secrets/tls.crt", read_text<&C::tls_cert_file>, show_text<&C::tls_cert_file>},
    {"POSTERN_TLS_KEY", "", "PEM file with its private key", "/run/secrets/tls.key",
     read_text<&C::tls_key_file>, show_text<&C::tls_key_file>},
    {"POSTERN_TLS_CLIENT_CA", "", "PEM file: clients need a certificate from one of these authorities",
     "/run/secrets/clients-ca.crt", read_text<&C::tls_client_ca_file>, show_text<&C::tls_client_ca_file>},
    {"POSTERN_UPSTREAM_CA", "", "PEM file: authorities of an https:// upstream; without it the system's",
     "/run/secrets/upstream-ca.crt", read_text<&C::upstream_ca_file>, show_text<&C::upstream_ca_file>},
    {"POSTERN_UPSTREAM_HEALTH_PATH", "",
     "path that /readyz asks of the upstream; without it: a TCP connection", "/health", read_health_path,
     show_text<&C::upstream_health_path>},
    {"POSTERN_PROXY_PROTOCOL", "false", "true: POSTERN_TRUSTED_PROXIES begin connections with a PROXY header",
     "true", read_bool<&C::proxy_protocol>, show_bool<&C::proxy_protocol>},
    {"POSTERN_IDENTITY_KEY", "", "at least 32 bytes, shared with the service: signs what is forwarded to it",
     "$(openssl rand -base64 32)", read_text<&C::identity_key>, show_secret<&C::identity_key>},
    {"POSTERN_IDENTITY_KEY_FILE", "", "a file that holds it, in its place", "/run/secrets/postern-identity",
     read_text<&C::identity_key_file>, show_text<&C::identity_key_file>},
});

}  // namespace

std::span<const VariableSpec> variables() {
  return table;
}

}  // namespace postern::config
