#pragma once
// The whole proxy: workers, the admin listener and the signals, from start to drained.

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "net/settings.hpp"
#include "observe/log.hpp"
#include "token/verifier.hpp"

namespace postern::net {

// The secrets as they are now, or why they could not be read; asked for on SIGHUP.
struct Reloaded {
  std::shared_ptr<const token::SharedSecrets> secrets;
  std::string problem;
};
using ReloadSecrets = std::function<Reloaded()>;

// Serves until SIGTERM or SIGINT has drained it. Returns nothing then, or in one line why it could not start.
std::optional<std::string> serve(const Settings& settings,
                                 std::shared_ptr<const token::SharedSecrets> secrets,
                                 const ReloadSecrets& reload, observe::Log& log);

}  // namespace postern::net
