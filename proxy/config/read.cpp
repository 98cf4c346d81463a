#include <algorithm>
#include <array>

#include "config/config.hpp"
#include "config/key_sources.hpp"
#include "config/secrets.hpp"
#include "config/tls_files.hpp"
#include "config/values.hpp"
#include "config/variables.hpp"

namespace postern::config {
namespace {

// Kubernetes puts these into every container beside a Service called "postern".
bool injected_by_kubernetes(std::string_view name) {
  return name == "POSTERN_PORT" || name.starts_with("POSTERN_PORT_") || name.starts_with("POSTERN_SERVICE_");
}

// Kubernetes writes "tcp://10.0.0.1:80"; a person writes "8080" and wonders.
bool meant_as_setting(const Variable& variable) {
  return variable.name == "POSTERN_PORT" && variable.value.find("://") == std::string_view::npos;
}

void read_variable(const VariableSpec& spec, std::string_view value, Outcome& outcome) {
  std::string problem = spec.read(value, outcome.config);
  if (problem.empty()) return;
  outcome.problems.push_back(
      {std::string(spec.name), std::move(problem), std::string(spec.name) + "=" + std::string(spec.example)});
}

// An empty value counts as unset, and these would silently check nothing.
void warn_if_check_is_off(std::string_view name, Outcome& outcome) {
  constexpr std::array<std::string_view, 3> checks{"POSTERN_JWT_ISSUER", "POSTERN_JWT_AUDIENCE",
                                                   "POSTERN_REVOKED_FILE"};
  if (std::find(checks.begin(), checks.end(), name) == checks.end()) return;
  outcome.warnings.push_back(std::string(name) +
                             ": is empty, which counts as unset: nothing is checked by it");
}

void read_unknown(std::string_view name, Outcome& outcome) {
  const std::string nearest(nearest_variable(name));
  outcome.problems.push_back({shown(name).substr(1, std::min<std::size_t>(name.size(), 60)),
                              "is not a known variable; did you mean " + nearest + "?",
                              "unset it, or " + nearest + "=..."});
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
    if (variable.value.empty()) {
      warn_if_check_is_off(variable.name, outcome);
      continue;
    }
    if (variable.name == "BETTER_AUTH_SECRET") secrets.secret = variable.value;
    if (variable.name == "BETTER_AUTH_SECRET_FILE") secrets.secret_file = variable.value;
    if (variable.name == "BETTER_AUTH_SECRETS") secrets.secrets = variable.value;
    if (variable.name == "BETTER_AUTH_SECRETS_FILE") secrets.secrets_file = variable.value;
    if (variable.name == "BETTER_AUTH_URL") outcome.config.better_auth_url = variable.value;
    if (meant_as_setting(variable)) {
      outcome.warnings.push_back(
          "POSTERN_PORT is left to Kubernetes and not read: POSTERN_LISTEN sets the port");
    }
    if (!variable.name.starts_with("POSTERN_") || injected_by_kubernetes(variable.name)) continue;
    const auto spec = std::find_if(variables().begin(), variables().end(),
                                   [&](const VariableSpec& known) { return known.name == variable.name; });
    if (spec != variables().end()) {
      read_variable(*spec, variable.value, outcome);
    } else {
      read_unknown(variable.name, outcome);
    }
  }
  secrets.required = outcome.config.better_auth_url.empty() && outcome.config.key_sets.empty();
  read_secrets(secrets, machine, outcome);
  read_identity_key(machine, outcome);
  read_tls_files(machine, outcome);
  resolve_key_sources(machine, outcome);
  read_revoked_file(machine, outcome);
  check_together(outcome);
  return outcome;
}

}  // namespace postern::config
