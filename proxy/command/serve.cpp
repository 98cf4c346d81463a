#include "command/serve.hpp"

#include <malloc.h>
#include <sys/prctl.h>

#include <csignal>
#include <ostream>

#include "config/keys/token_keys.hpp"
#include "config/report.hpp"
#include "observe/log/log.hpp"
#include "server/server.hpp"
#include "transport/descriptors.hpp"
#include "version.hpp"

namespace postern::command {
namespace {

observe::Level level_of(config::LogLevel level) {
  switch (level) {
    case config::LogLevel::debug:
      return observe::Level::debug;
    case config::LogLevel::info:
      return observe::Level::info;
    case config::LogLevel::warn:
      return observe::Level::warn;
    case config::LogLevel::error:
      return observe::Level::error;
    case config::LogLevel::off:
      break;
  }
  return observe::Level::off;
}

server::ServerKeys take_keys(config::Config& config) {
  std::vector<std::string> identity;
  if (!config.identity_key.empty()) identity.push_back(config.identity_key);
  relay::Keys keys{std::make_shared<const token::Keys>(config::take_token_keys(config)),
                   std::make_shared<const token::SharedSecrets>(std::move(identity)),
                   std::move(config.server_tls), std::move(config.client_tls)};
  config.clear_secrets();
  return {std::move(keys), std::move(config.jwks_tls), {}};
}

// A spoilt file of one source must not keep the others from changing: the revoked list is watched by itself,
// and a key set keeps the keys that it has. A spoilt secret or certificate is for whoever rotates it, at
// once.
std::variant<server::ServerKeys, std::string> reload(const Context& context) {
  std::vector<config::Variable> environment(context.environment.begin(), context.environment.end());
  std::erase_if(environment,
                [](const config::Variable& variable) { return variable.name == "POSTERN_REVOKED_FILE"; });
  config::Outcome outcome = config::read(environment, context.host);
  std::vector<std::string> kept;
  for (const config::Problem& problem : outcome.problems) {
    if (problem.variable != "POSTERN_JWKS_FILE") return config::to_string(problem);
    kept.push_back(config::to_string(problem));
  }
  server::ServerKeys keys = take_keys(outcome.config);
  keys.problems = std::move(kept);
  return keys;
}

}  // namespace

int serve(const Context& context) {
  // A core dump would hold the secrets; nor may other processes of this user read our memory.
  ::prctl(PR_SET_DUMPABLE, 0);
  // Who no longer reads is told by an error of the write.
  static_cast<void>(std::signal(SIGPIPE, SIG_IGN));
  // The buffers of requests come and go with the crowd: mapped each by itself they leave no holes behind.
  ::mallopt(M_MMAP_THRESHOLD, 32768);
  config::Outcome outcome = config::read(context.environment, context.host);
  if (!outcome.problems.empty()) {
    config::print_problems(outcome, context.err);
    return misused;
  }
  const server::About about{version, config::describe(outcome.config)};
  const server::KeySettings key_settings{keys::make_key_set_settings(outcome.config),
                                         outcome.config.revoked_file};
  server::ServerKeys keys = take_keys(outcome.config);
  const auto format =
      outcome.config.log_format == config::LogFormat::json ? observe::Format::json : observe::Format::text;
  observe::Log log(level_of(outcome.config.log_level), format);
  for (const std::string& warning : outcome.warnings) {
    log.event(observe::Level::warn, "configuration", {{"warning", warning}});
  }
  relay::Settings settings = relay::make_settings(outcome.config);
  const std::size_t affordable = transport::affordable_connections(settings.threads);
  if (affordable < settings.max_connections) {
    settings.max_connections = affordable;
    log.event(observe::Level::warn,
              "fewer connections than POSTERN_MAX_CONNECTIONS: the limit of open files is low",
              {{"connections", std::to_string(affordable)}});
  }
  const auto problem = server::serve(
      settings, about, key_settings, std::move(keys), [&context] { return reload(context); }, log);
  if (!problem) return done;
  context.err << "postern: " << *problem << '\n';
  return failed;
}

}  // namespace postern::command
