#include "command/usage.hpp"

#include <iomanip>
#include <ostream>

#include "config/variables.hpp"

namespace postern::command {
namespace {

constexpr std::string_view commands = R"(usage: postern [COMMAND]

Authenticating reverse proxy for a FastAPI service behind Better Auth. Configured by environment variables only.

commands:
  serve                    run the proxy (the default)
  check                    print the effective configuration, secrets redacted; exit 2 when it is bad
  token --uid UID          print a development token, signed with the configured secret
        [--ttl 15m]        how long it is valid
        [--claim K=V]...   a further claim, or another value for one; V as JSON if it is, else as text
  explain [--token T|FILE|-] [METHOD] [TARGET]
                           what would become of that request: the cause, the remedy, then each step; exit 0 where it
                           is forwarded, 1 where it is refused. - reads the token from standard input
        [--header 'N: V']  a further header line; as often as you like, --token too
        [--json]           for programs
  explain --batch FILE     the policy's tests: lines METHOD TARGET [as UID[ claim=value...]] -> STATUS; exit 1 if
                           one is judged otherwise
  routes [--openapi FILE|URL|-]
                           the operations of the service's OpenAPI document with the rules that guard them; without
                           a source the upstream's /openapi.json
        [--suggest]        instead: variables that would cover the service
        [--json]           for programs; exit 1 on a hole
  health [--ready]         ask the running proxy's admin listener, /healthz or /readyz; exit 0 when all is well
  drain [--after 10s]      ask it to end serving, for a preStop hook: it goes on, unready, for that long, then refuses
        [--wait]           new connections; --wait returns when the last one is gone. The process stays until SIGTERM
  --help, --version

signals: SIGTERM or SIGINT drains, a second one ends at once; SIGHUP reads the secrets again
exit codes: 0 done, 1 failure at run time, 2 bad configuration or usage

variables:
)";

void print_variable(std::ostream& out, std::string_view name, std::string_view meaning,
                    std::string_view default_text) {
  out << "  " << std::left << std::setw(31) << name << ' ' << meaning;
  if (!default_text.empty()) out << " [" << default_text << ']';
  out << '\n';
}

}  // namespace

void print_help(std::ostream& out) {
  out << commands;
  print_variable(out, "BETTER_AUTH_SECRET", "the secret that Better Auth signs with, at least 32 bytes", "");
  print_variable(out, "BETTER_AUTH_SECRET_FILE", "a file that holds it, in its place", "");
  print_variable(out, "BETTER_AUTH_SECRETS", "Better Auth's rotation list, 2:new,1:old: each verifies", "");
  print_variable(out, "BETTER_AUTH_SECRETS_FILE", "a file that holds it, in its place", "");
  print_variable(out, "BETTER_AUTH_URL",
                 "Better Auth's base URL: sets where its keys are, the issuer, the audience", "");
  for (const config::VariableSpec& variable : config::variables()) {
    print_variable(out, variable.name, variable.meaning, variable.default_text);
  }
}

int misuse(const Context& context, std::string_view problem) {
  context.err << "postern: " << problem << "; see postern --help\n";
  return misused;
}

}  // namespace postern::command
