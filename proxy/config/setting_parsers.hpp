#pragma once
// How the settings that are of no common kind are read and shown.

#include <optional>
#include <string>
#include <string_view>

#include "config/config.hpp"
#include "config/value_parsers.hpp"
#include "config/values/values.hpp"

namespace postern::config::setting_parsers {

std::string read_listen(std::string_view value, Config& config);
std::string read_listen_mode(std::string_view value, Config& config);
std::string show_listen_mode(const Config& config);
std::string read_body_limit(std::string_view value, Config& config);
std::string show_body_limit(const Config& config);
std::string read_upstream(std::string_view value, Config& config);
std::string show_upstream(const Config& config);
std::string read_admin(std::string_view value, Config& config);
std::string read_uid_claims(std::string_view value, Config& config);
std::string show_uid_claims(const Config& config);
std::string read_user_header(std::string_view value, Config& config);
std::string read_leeway(std::string_view value, Config& config);
std::string read_lifetime(std::string_view value, Config& config);
std::string show_lifetime(const Config& config);
std::string read_sub_must_match(std::string_view value, Config& config);
std::string read_cors_origins(std::string_view value, Config& config);
std::string show_cors_origins(const Config& config);
std::string read_trusted_proxies(std::string_view value, Config& config);
std::string show_trusted_proxies(const Config& config);
std::string read_health_path(std::string_view value, Config& config);

template <route::RuleKind Kind>
std::string read_paths(std::string_view value, Config& config) {
  std::erase_if(config.rules, [](const route::Rule& rule) { return rule.kind == Kind; });
  if (Kind == route::RuleKind::user && value == "off") return std::string(value_parsers::good);
  std::string problems;
  for (const std::string_view text : parse_list(value)) {
    auto parsed = route::parse_rule(text, Kind);
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
  if (Kind == route::RuleKind::user && out.empty()) return "off";
  return out;
}

// An issuer or an audience; `any` waives it.
template <std::optional<std::string> token::ClaimsPolicy::*Member, bool Config::*Any>
std::string read_party(std::string_view value, Config& config) {
  config.*Any = value == "any";
  (config.claims.*Member).reset();
  if (!(config.*Any)) config.claims.*Member = std::string(value);
  return std::string(value_parsers::good);
}

template <std::optional<std::string> token::ClaimsPolicy::*Member, bool Config::*Any>
std::string show_party(const Config& config) {
  return config.*Any ? "any" : (config.claims.*Member).value_or("");
}

template <std::string Config::*Member>
std::string read_text(std::string_view value, Config& config) {
  config.*Member = std::string(value);
  return std::string(value_parsers::good);
}

template <std::string Config::*Member>
std::string show_secret(const Config& config) {
  return (config.*Member).empty() ? "" : shown_secret(config.*Member);
}

template <std::string Config::*Member>
std::string show_text(const Config& config) {
  return config.*Member;
}

}  // namespace postern::config::setting_parsers
