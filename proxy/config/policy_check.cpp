#include "config/policy_check.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "config/values/header_names.hpp"
#include "config/values/timestamp.hpp"
#include "config/values/values.hpp"
#include "route/rule_table.hpp"
#include "route/rule_warnings.hpp"

namespace postern::config {
namespace {

constexpr std::int64_t longest_shadow = 90LL * 86'400;

void check_rules(Outcome& outcome) {
  std::vector<std::string> conflicts = route::RuleTable::conflicts(outcome.config.rules);
  for (std::string& conflict : conflicts) {
    outcome.problems.push_back({"POSTERN_USER_PATHS, _TOKEN_PATHS, _OPTIONAL_PATHS, _PUBLIC_PATHS",
                                std::move(conflict), "one kind for each path and method"});
  }
  if (!conflicts.empty()) return;
  for (std::string& warning : route::rule_warnings(outcome.config.rules))
    outcome.warnings.push_back(std::move(warning));
}

std::string written_by_users(std::string_view variable, std::string_view text, std::string_view claim) {
  return std::string(variable) + ": " + shown(text) + ", but users write " + std::string(claim) +
         " themselves";
}

void check_overrides(Outcome& outcome) {
  const Config& config = outcome.config;
  for (const route::Override& one : config.overrides) {
    if (route::is_user_writable(one.condition.claim))
      outcome.warnings.push_back(written_by_users("POSTERN_OVERRIDE", one.text, one.condition.claim));
  }
  const bool user_rules = std::any_of(config.rules.begin(), config.rules.end(), [](const route::Rule& rule) {
    return rule.kind == route::RuleKind::user;
  });
  if (!config.overrides.empty() && !user_rules)
    outcome.warnings.push_back("POSTERN_OVERRIDE: has no effect without a user path");
}

void check_claim_headers(Outcome& outcome) {
  const Config& config = outcome.config;
  for (const route::ClaimHeader& header : config.claim_headers) {
    if (folded_header(header.name) == folded_header(config.user_header)) {
      outcome.problems.push_back({"POSTERN_CLAIM_HEADERS",
                                  shown(header.name) + " carries the user's id already", "X-User-Role=role"});
    }
    if (route::is_user_writable(header.claim)) {
      outcome.warnings.push_back(
          written_by_users("POSTERN_CLAIM_HEADERS", header.name + "=" + header.claim, header.claim));
    }
  }
}

void check_shadow(std::int64_t now, Outcome& outcome) {
  const auto until = outcome.config.shadow_until;
  if (!until) return;
  if (*until > now + longest_shadow) {
    outcome.problems.push_back({"POSTERN_SHADOW_UNTIL", "is more than 90 days ahead",
                                "POSTERN_SHADOW_UNTIL=" + timestamp_to_string(now + 30LL * 86'400)});
  } else if (*until <= now) {
    outcome.warnings.push_back("POSTERN_SHADOW_UNTIL: is over, the gate is shut");
  } else {
    outcome.warnings.push_back("POSTERN_SHADOW_UNTIL: until " + timestamp_to_string(*until) +
                               " requests without a right are forwarded without identity, not refused");
  }
  if (!outcome.config.forward_authorization) {
    outcome.problems.push_back({"POSTERN_SHADOW_UNTIL",
                                "with POSTERN_FORWARD_AUTHORIZATION=false nobody would check tokens",
                                "unset one of them"});
  }
}

}  // namespace

void check_policy(const HostEnvironment& host, Outcome& outcome) {
  Config& config = outcome.config;
  config.claims.kept_claims = route::keep_claims(config.rules, config.overrides, config.claim_headers);
  check_rules(outcome);
  check_overrides(outcome);
  check_claim_headers(outcome);
  check_shadow(host.now, outcome);
}

}  // namespace postern::config
