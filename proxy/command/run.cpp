#include "command/run.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <ostream>

#include "command/check.hpp"
#include "command/drain.hpp"
#include "command/explain.hpp"
#include "command/health.hpp"
#include "command/routes.hpp"
#include "command/serve.hpp"
#include "command/token.hpp"
#include "command/usage.hpp"
#include "commit.hpp"
#include "version.hpp"

namespace postern::command {
namespace {

int run_serve(std::span<const std::string> arguments, const Context& context) {
  if (!arguments.empty()) return misuse(context, "serve takes no arguments");
  return serve(context);
}

int run_check(std::span<const std::string> arguments, const Context& context) {
  if (!arguments.empty()) return misuse(context, "check takes no arguments");
  return check(context);
}

struct Command {
  std::string_view name;
  int (*run)(std::span<const std::string>, const Context&);
};
constexpr std::array<Command, 7> commands = {{{"serve", run_serve},
                                              {"check", run_check},
                                              {"token", mint_token},
                                              {"explain", explain},
                                              {"routes", routes},
                                              {"health", health},
                                              {"drain", drain}}};

bool asks_for_help(const std::string& argument) {
  return argument == "--help" || argument == "-h";
}

}  // namespace

int run(std::span<const std::string> arguments, const Context& context) {
  if (std::any_of(arguments.begin(), arguments.end(), asks_for_help)) {
    print_help(context.out);
    return done;
  }
  if (arguments.empty()) return serve(context);
  if (arguments.front() == "--version") {
    // The library that is loaded now, whose faults are this process's too.
    context.out << "postern " << version << ", commit " << commit << ", OpenSSL "
                << OpenSSL_version(OPENSSL_VERSION_STRING) << '\n';
    return done;
  }
  for (const Command& command : commands) {
    if (arguments.front() == command.name) return command.run(arguments.subspan(1), context);
  }
  return misuse(context, "there is no command " + arguments.front());
}

}  // namespace postern::command
