#include "config/report.hpp"

#include <ostream>

#include "config/values/values.hpp"
#include "config/variables.hpp"

namespace postern::config {

std::string to_string(const Problem& problem) {
  return problem.variable + ": " + problem.what +
         (problem.example.empty() ? "" : ", e.g. " + problem.example);
}

void print_problems(const Outcome& outcome, std::ostream& out) {
  for (const Problem& problem : outcome.problems) out << to_string(problem) << '\n';
}

void print_warnings(const Outcome& outcome, std::ostream& out) {
  for (const std::string& warning : outcome.warnings) out << "warning: " << warning << '\n';
}

std::vector<std::pair<std::string, std::string>> describe(const Config& config) {
  std::vector<std::pair<std::string, std::string>> out;
  std::string secrets;
  for (const std::string& secret : config.secrets) {
    secrets += (secrets.empty() ? "" : ", ") + shown_secret(secret);
  }
  out.emplace_back("BETTER_AUTH_SECRET", secrets);
  out.emplace_back("BETTER_AUTH_URL", config.better_auth_url);
  for (const VariableSpec& variable : variables()) {
    out.emplace_back(variable.name, variable.show(config));
  }
  return out;
}

}  // namespace postern::config
