#include <algorithm>

#include "config/config.hpp"
#include "config/rates.hpp"
#include "config/secrets.hpp"
#include "config/tls_files.hpp"
#include "config/unknown_names.hpp"
#include "config/values.hpp"
#include "config/variables.hpp"

namespace postern::config {
namespace {

// Kubernetes writes "tcp://10.0.0.1:80"; a person writes "8080" and wonders.
bool meant_as_setting(const Variable& variable) {
  return variable.name == "POSTERN_PORT" && variable.value.find("://") == std::string_view::npos;
}

void read_variable(const VariableSpec& spec, std::string_view value, Outcome& outcome) {
  if (spec.read == nullptr) {
    // Switched off is as good as unset.
    if (value == "off" || value == "false") return;
    outcome.problems.push_back(
        {std::string(spec.name), "is not available in this version", "unset " + std::string(spec.name)});
    return;
  }
  std::string problem = spec.read(value, outcome.config);
  if (problem.empty()) return;
  outcome.problems.push_back(
      {std::string(spec.name), std::move(problem), std::string(spec.name) + "=" + std::string(spec.example)});
}

void add_unknown(std::string_view name, std::string_view suggestion, Outcome& outcome) {
  const std::string meant(suggestion);
  outcome.problems.push_back(
      {shown(name).substr(1, std::min<std::size_t>(name.size(), 60)),
       "is not a known variable" + (meant.empty() ? "" : "; did you mean " + meant + "?"),
       meant.empty() ? "unset it" : "unset it, or " + meant + "=..."});
}

void read_others(const Variable& variable, Outcome& outcome) {
  const std::string_view meant = misspelt_better_auth(variable.name);
  if (!meant.empty()) add_unknown(variable.name, meant, outcome);
}

// Whether `one` has a literal where `other` has {user_id}, and a path could match both up to there.
const route::Segment* literal_for_user(const route::Rule& one, const route::Rule& other) {
  for (std::size_t i = 0; i < std::min(one.segments.size(), other.segments.size()); ++i) {
    const route::Segment &a = one.segments[i], &b = other.segments[i];
    const bool both_literal =
        a.kind == route::Segment::Kind::literal && b.kind == route::Segment::Kind::literal;
    if (both_literal && a.literal != b.literal) return nullptr;
    if (b.kind == route::Segment::Kind::user_id)
      return a.kind == route::Segment::Kind::literal ? &a : nullptr;
  }
  return nullptr;
}

// "/api/v2/{user_id}/**" beside "/api/{user_id}/**": the service may read /api/v2/alice as a path of the user
// v2.
void warn_of_overlaps(Outcome& outcome) {
  for (const route::Rule& one : outcome.config.rules) {
    for (const route::Rule& other : outcome.config.rules) {
      if (one.kind != route::RuleKind::user || other.kind != route::RuleKind::user) continue;
      const route::Segment* literal = literal_for_user(one, other);
      if (literal == nullptr) continue;
      outcome.warnings.push_back("the paths '" + one.text + "' and '" + other.text +
                                 "' overlap: no user may have the id '" + literal->literal + "'");
    }
  }
}

// What no variable can know alone.
void check_together(Outcome& outcome) {
  for (std::string& conflict : route::RuleTable::conflicts(outcome.config.rules)) {
    outcome.problems.push_back(
        {"POSTERN_USER_PATHS, _TOKEN_PATHS, _PUBLIC_PATHS", std::move(conflict), "one kind for each path"});
  }
  const auto wildcards_alike = [](const route::Segment& a, const route::Segment& b) {
    const bool both_literal =
        a.kind == route::Segment::Kind::literal && b.kind == route::Segment::Kind::literal;
    return both_literal ? a.literal == b.literal
                        : a.kind != route::Segment::Kind::literal && b.kind != route::Segment::Kind::literal;
  };
  for (const route::Rule& user : outcome.config.rules) {
    if (user.kind != route::RuleKind::user) continue;
    for (const route::Rule& other : outcome.config.rules) {
      if (other.kind == route::RuleKind::user || other.rest != user.rest ||
          !std::equal(user.segments.begin(), user.segments.end(), other.segments.begin(),
                      other.segments.end(), wildcards_alike)) {
        continue;
      }
      outcome.warnings.push_back("the " + std::string(text_of(other.kind)) + " path '" + other.text +
                                 "' is never used: '" + user.text + "' is more specific");
    }
  }
  warn_of_overlaps(outcome);
  warn_of_rates(outcome);
  if (outcome.config.upstream_idle_timeout >= Milliseconds(5000)) {
    outcome.warnings.push_back(
        "POSTERN_UPSTREAM_IDLE_TIMEOUT: uvicorn closes idle connections after 5s unless told otherwise; keep "
        "below that");
  }
  if (outcome.config.proxy_protocol && outcome.config.trusted_proxies.ranges.empty()) {
    outcome.warnings.push_back(
        "POSTERN_PROXY_PROTOCOL: has no effect without POSTERN_TRUSTED_PROXIES, who alone may send the "
        "header");
  }
}

}  // namespace

Outcome read(std::span<const Variable> environment, const Machine& machine) {
  Outcome outcome;
  outcome.config.threads = std::max(1U, machine.usable_cpus);
  read_variable(*std::find_if(variables().begin(), variables().end(),
                              [](const VariableSpec& spec) { return spec.name == "POSTERN_USER_PATHS"; }),
                "/api/{user_id}/**", outcome);
  SecretSources secrets;
  for (const Variable& variable : environment) {
    if (variable.value.empty()) continue;
    if (variable.name == "BETTER_AUTH_SECRET") secrets.secret = variable.value;
    if (variable.name == "BETTER_AUTH_SECRET_FILE") secrets.secret_file = variable.value;
    if (variable.name == "BETTER_AUTH_SECRETS") secrets.secrets = variable.value;
    if (meant_as_setting(variable)) {
      outcome.warnings.push_back(
          "POSTERN_PORT is left to Kubernetes and not read: POSTERN_LISTEN sets the port");
    }
    if (!variable.name.starts_with("POSTERN_")) {
      read_others(variable, outcome);
      continue;
    }
    const auto spec = std::find_if(variables().begin(), variables().end(),
                                   [&](const VariableSpec& known) { return known.name == variable.name; });
    if (spec != variables().end()) {
      read_variable(*spec, variable.value, outcome);
    } else if (!injected_by_kubernetes(variable.name, variable.value)) {
      add_unknown(variable.name, suggestion_for(variable.name), outcome);
    }
  }
  read_secrets(secrets, machine, outcome);
  read_identity_key(machine, outcome);
  read_tls_files(machine, outcome);
  check_together(outcome);
  return outcome;
}

}  // namespace postern::config
