#include "command/check.hpp"

#include <ostream>
#include <sstream>

#include "config/report.hpp"
#include "route/rule_listing.hpp"

namespace postern::command {

int check(const Context& context) {
  config::Outcome outcome = config::read(context.environment, context.host);
  config::print_warnings(outcome, context.err);
  config::print_problems(outcome, context.err);
  if (!outcome.problems.empty()) return misused;
  for (const auto& [name, value] : config::describe(outcome.config))
    context.out << name << '=' << value << '\n';
  // As comments, so that the whole stays a file of variables.
  context.out << "# rules, most specific first\n";
  std::istringstream rules(route::to_text(route::RuleTable(outcome.config.rules)));
  for (std::string line; std::getline(rules, line);) context.out << "# " << line << '\n';
  outcome.config.clear_secrets();
  return done;
}

}  // namespace postern::command
