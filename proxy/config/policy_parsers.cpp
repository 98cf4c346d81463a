#include "config/policy_parsers.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include "config/values/header_names.hpp"
#include "config/values/timestamp.hpp"
#include "config/values/values.hpp"

namespace postern::config::setting_parsers {
namespace {

// What is wrong with one "Name=claim", or nothing.
std::string read_claim_header(std::string_view text, Config& config) {
  const std::size_t equals = text.find('=');
  const std::string_view name = text.substr(0, equals);
  const std::string_view claim = equals == text.npos ? std::string_view{} : text.substr(equals + 1);
  const bool printable =
      std::all_of(claim.begin(), claim.end(), [](char c) { return c > 0x20 && c != 0x7F; });
  if (claim.empty() || !printable) return shown(text) + " is not Header=claim";
  if (!is_header_name(name)) return shown(name) + " is no header name";
  if (is_reserved_header(name)) return shown(name) + " already has a meaning of its own";
  for (const route::ClaimHeader& other : config.claim_headers) {
    if (folded_header(other.name) == folded_header(name)) return shown(name) + " is there twice";
  }
  config.claim_headers.push_back({std::string(name), std::string(claim)});
  return {};
}

void append_problem(std::string& problems, std::string_view problem) {
  if (problem.empty()) return;
  problems.append(problems.empty() ? "" : "; ").append(problem);
}

}  // namespace

std::string read_overrides(std::string_view value, Config& config) {
  config.overrides.clear();
  std::string problems;
  for (const std::string_view text : parse_list(value)) {
    auto parsed = route::parse_override(text);
    if (auto* one = std::get_if<route::Override>(&parsed)) {
      config.overrides.push_back(std::move(*one));
    } else {
      append_problem(problems, shown(text) + ": " + std::get<std::string>(parsed));
    }
  }
  return problems;
}

std::string show_overrides(const Config& config) {
  std::string out;
  for (const route::Override& one : config.overrides) out += (out.empty() ? "" : ",") + one.text;
  return out;
}

std::string read_claim_headers(std::string_view value, Config& config) {
  config.claim_headers.clear();
  std::string problems;
  for (const std::string_view text : parse_list(value))
    append_problem(problems, read_claim_header(text, config));
  // X-Postern-Identity covers them in this order.
  std::sort(config.claim_headers.begin(), config.claim_headers.end(),
            [](const route::ClaimHeader& a, const route::ClaimHeader& b) {
              return lower_case(a.name) < lower_case(b.name);
            });
  return problems;
}

std::string show_claim_headers(const Config& config) {
  std::string out;
  for (const route::ClaimHeader& header : config.claim_headers) {
    out += (out.empty() ? "" : ",") + header.name + "=" + header.claim;
  }
  return out;
}

std::string read_shadow_until(std::string_view value, Config& config) {
  config.shadow_until = parse_timestamp(value);
  return config.shadow_until ? std::string() : shown(value) + " is no time (RFC 3339)";
}

std::string show_shadow_until(const Config& config) {
  return config.shadow_until ? timestamp_to_string(*config.shadow_until) : "";
}

}  // namespace postern::config::setting_parsers
