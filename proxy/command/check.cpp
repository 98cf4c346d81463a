#include "command/check.hpp"

#include <ostream>

#include "config/report.hpp"

namespace postern::command {

int check(const Context& context) {
  config::Outcome outcome = config::read(context.environment, context.machine);
  config::print_warnings(outcome, context.err);
  config::print_problems(outcome, context.err);
  if (!outcome.problems.empty()) return misused;
  for (const auto& [name, value] : config::describe(outcome.config))
    context.out << name << '=' << value << '\n';
  outcome.config.clear_secrets();
  return done;
}

}  // namespace postern::command
