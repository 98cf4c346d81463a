#include "command/explain_batch.hpp"

#include <ostream>
#include <variant>

#include "command/policy_cases.hpp"
#include "command/usage.hpp"
#include "config/report.hpp"
#include "config/values/values.hpp"
#include "relay/settings.hpp"

namespace postern::command {

int explain_batch(const std::string& file, const Context& context) {
  const config::Outcome outcome = config::read(context.environment, context.host);
  config::print_problems(outcome, context.err);
  if (!outcome.problems.empty()) return misused;
  const config::FileContent content = context.host.read_file(file);
  if (!content.error.empty())
    return misuse(context, "explain: " + config::shown(file) + ": " + content.error);
  const auto parsed = parse_policy_cases(content.bytes);
  if (const auto* problems = std::get_if<std::vector<std::string>>(&parsed)) {
    for (const std::string& problem : *problems) context.err << file << ": " << problem << '\n';
    return misused;
  }
  const auto& cases = std::get<std::vector<PolicyCase>>(parsed);
  const gate::Policy policy = relay::make_settings(outcome.config).policy;
  std::size_t differ = 0;
  for (const PolicyCase& one : cases) {
    const PolicyResult result = judge_case(one, policy, outcome.config.claims.kept_claims);
    if (result.status == one.status) continue;
    ++differ;
    context.out << file << ':' << one.line << ": " << one.text << ": it is " << result.status << " ("
                << result.reason << ")\n";
  }
  context.out << cases.size() << " requests, " << differ << " judged otherwise\n";
  return differ == 0 ? done : failed;
}

}  // namespace postern::command
