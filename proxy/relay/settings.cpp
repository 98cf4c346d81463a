#include "relay/settings.hpp"

namespace postern::relay {
namespace {

std::optional<gate::Rate> rate_of(const std::optional<config::RateSetting>& setting) {
  if (!setting) return std::nullopt;
  return gate::Rate{setting->count, setting->period, setting->burst};
}

}  // namespace

Settings make_settings(const config::Config& config) {
  Settings settings;
  settings.policy.rules = route::RuleTable(config.rules);
  settings.policy.overrides = config.overrides;
  settings.policy.claim_headers = config.claim_headers;
  settings.policy.forward_preflight = config.forward_preflight;
  settings.policy.forward_authorization = config.forward_authorization;
  settings.policy.websocket_token = config.websocket_subprotocol_token ? gate::WebSocketToken::subprotocol
                                                                       : gate::WebSocketToken::header_only;
  settings.policy.max_body_bytes = config.max_body_bytes;
  settings.claims = config.claims;
  settings.token_cache = config.token_cache;
  settings.listen = config.listen;
  settings.listen_mode = config.listen_mode;
  settings.upstream = config.upstream;
  settings.admin_listen = config.admin_listen;
  settings.upstream_health_path = config.upstream_health_path;
  for (const std::string& file :
       {config.secret_file, config.secrets_file, config.jwks_ca_file, config.identity_key_file,
        config.tls_cert_file, config.tls_key_file, config.tls_client_ca_file, config.upstream_ca_file}) {
    if (!file.empty()) settings.watched_files.push_back(file);
  }
  for (const config::KeySetSource& source : config.key_sets) {
    if (!source.is_url()) settings.watched_files.push_back(source.file);
  }
  settings.user_header = config.user_header;
  for (const route::ClaimHeader& header : config.claim_headers) settings.claim_headers.push_back(header.name);
  settings.shadow_until = config.shadow_until;
  settings.cors_origins = config.cors_origins;
  settings.trusted_proxies = config.trusted_proxies;
  settings.proxy_protocol = config.proxy_protocol;
  settings.close_at_expiry = config.close_at_expiry;
  settings.user_rate = rate_of(config.user_rate);
  settings.failed_auth_rate = rate_of(config.failed_auth_rate);
  settings.log_sample = config.log_sample;
  settings.threads = config.threads;
  settings.max_connections = config.max_connections;
  settings.max_header_bytes = config.max_header_bytes;
  settings.header_timeout = config.header_timeout;
  settings.idle_timeout = config.idle_timeout;
  settings.connect_timeout = config.connect_timeout;
  settings.response_timeout = config.response_timeout;
  settings.stream_idle_timeout = config.stream_idle_timeout;
  settings.upstream_idle_timeout = config.upstream_idle_timeout;
  settings.drain_timeout = config.drain_timeout;
  return settings;
}

}  // namespace postern::relay
