#include "command/health.hpp"

#include "command/admin_client.hpp"
#include "command/usage.hpp"

namespace postern::command {

int health(std::span<const std::string> arguments, const Context& context) {
  const bool ready = arguments.size() == 1 && arguments.front() == "--ready";
  if (!arguments.empty() && !ready) return misuse(context, "health takes no argument but --ready");
  const auto settings = read_admin_settings(context);
  if (!settings) return misused;
  AdminQuestion question;
  question.target = ready ? "/readyz" : "/healthz";
  return ask_admin(*settings, question, context);
}

}  // namespace postern::command
