#include "config/setting_parsers.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "config/values/endpoint.hpp"
#include "config/values/header_names.hpp"

namespace postern::config::setting_parsers {
namespace {

using namespace value_parsers;

bool is_origin(std::string_view text) {
  if (text == "*") return true;
  const std::size_t scheme = text.find("://");
  if (scheme == 0 || scheme == std::string_view::npos) return false;
  const auto rest = text.substr(scheme + 3);
  return !rest.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F; }) &&
         rest.find_first_of("/?#@\"\\") == std::string_view::npos;
}

}  // namespace

std::string read_listen(std::string_view value, Config& config) {
  auto parsed = parse_listen(value);
  if (const auto* problem = std::get_if<std::string>(&parsed)) return *problem;
  config.listen = std::get<Endpoint>(parsed);
  return std::string(good);
}

std::string read_listen_mode(std::string_view value, Config& config) {
  unsigned mode = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), mode, 8);
  if (error != std::errc{} || end != value.data() + value.size() || mode > 0777) {
    return shown(value) + " is no mode in octal";
  }
  config.listen_mode = mode;
  return std::string(good);
}

std::string show_listen_mode(const Config& config) {
  std::array<char, 5> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), config.listen_mode, 8).ptr;
  return "0" + std::string(text.data(), end);
}

std::string read_upstream(std::string_view value, Config& config) {
  auto parsed = parse_upstream(value);
  if (const auto* problem = std::get_if<std::string>(&parsed)) return *problem;
  auto& upstream = std::get<Upstream>(parsed);
  config.upstream = std::move(upstream.endpoint);
  config.upstream_tls = upstream.tls;
  return std::string(good);
}

std::string show_upstream(const Config& config) {
  const bool tcp = std::holds_alternative<TcpEndpoint>(config.upstream);
  return (config.upstream_tls ? "https://" : tcp ? "http://" : "") + to_string(config.upstream);
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

std::string read_uid_claims(std::string_view value, Config& config) {
  std::vector<std::string> claims;
  for (const std::string_view claim : parse_list(value)) {
    if (!token::can_hold_uid(claim)) return shown(claim) + " has a meaning of its own in a token";
    if (std::find(claims.begin(), claims.end(), claim) != claims.end())
      return shown(claim) + " is there twice";
    claims.emplace_back(claim);
  }
  if (claims.empty()) return "names no claim";
  config.claims.uid_claims = std::move(claims);
  return std::string(good);
}

std::string show_uid_claims(const Config& config) {
  std::string out;
  for (const std::string& claim : config.claims.uid_claims) out += (out.empty() ? "" : ",") + claim;
  return out;
}

std::string read_user_header(std::string_view value, Config& config) {
  if (!is_header_name(value)) return shown(value) + " is no header name";
  if (is_reserved_header(value)) return shown(value) + " already has a meaning of its own";
  config.user_header = value;
  return std::string(good);
}

std::string read_body_limit(std::string_view value, Config& config) {
  if (value == "off") {
    config.max_body_bytes = UINT64_MAX;
    return std::string(good);
  }
  return read_size<std::uint64_t, &Config::max_body_bytes, 0, 1ULL << 40>(value, config);
}

std::string show_body_limit(const Config& config) {
  return config.max_body_bytes == UINT64_MAX ? "off" : size_to_string(config.max_body_bytes);
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
  config.trusted_proxies = {};
  for (const std::string_view text : parse_list(value)) {
    if (text == "unix") {
      config.trusted_proxies.unix_peers = true;
      continue;
    }
    auto parsed = parse_address_range(text);
    if (const auto* problem = std::get_if<std::string>(&parsed)) return *problem;
    config.trusted_proxies.ranges.push_back(std::get<AddressRange>(parsed));
  }
  return std::string(good);
}

std::string show_trusted_proxies(const Config& config) {
  std::string out = config.trusted_proxies.unix_peers ? "unix" : "";
  for (const AddressRange& range : config.trusted_proxies.ranges) {
    out += (out.empty() ? "" : ",") + to_string(range);
  }
  return out;
}

std::string read_health_path(std::string_view value, Config& config) {
  const bool visible = std::all_of(value.begin(), value.end(), [](char c) { return c > 0x20 && c < 0x7F; });
  if (!value.starts_with('/') || !visible || value.find('#') != std::string_view::npos) {
    return shown(value) + " is no path";
  }
  config.upstream_health_path = value;
  return std::string(good);
}

}  // namespace postern::config::setting_parsers
