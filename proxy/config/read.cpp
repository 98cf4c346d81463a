#include <algorithm>
#include <array>

#include "config/config.hpp"
#include "config/keys/key_sources.hpp"
#include "config/keys/secrets.hpp"
#include "config/keys/tls_files.hpp"
#include "config/policy_check.hpp"
#include "config/unknown_names.hpp"
#include "config/values/rates.hpp"
#include "config/values/values.hpp"
#include "config/variables.hpp"

namespace postern::config {
namespace {

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

// An empty value counts as unset, and these would silently check nothing.
void warn_if_check_is_off(std::string_view name, Outcome& outcome) {
  constexpr std::array<std::string_view, 3> checks{"POSTERN_JWT_ISSUER", "POSTERN_JWT_AUDIENCE",
                                                   "POSTERN_REVOKED_FILE"};
  if (std::find(checks.begin(), checks.end(), name) == checks.end()) return;
  outcome.warnings.push_back(std::string(name) +
                             ": is empty, which counts as unset: nothing is checked by it");
}

// What no variable can know alone.
void check_together(Outcome& outcome) {
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

Outcome read(std::span<const Variable> environment, const HostEnvironment& host) {
  Outcome outcome;
  outcome.config.threads = std::max(1U, host.usable_cpus);
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
  secrets.required = outcome.config.better_auth_url.empty() && outcome.config.key_sets.empty();
  read_secrets(secrets, host, outcome);
  read_identity_key(host, outcome);
  read_tls_files(host, outcome);
  resolve_key_sources(host, outcome);
  read_revoked_file(host, outcome);
  check_policy(host, outcome);
  check_together(outcome);
  return outcome;
}

}  // namespace postern::config
