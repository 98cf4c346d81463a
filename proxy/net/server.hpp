#pragma once
// The whole proxy: workers, the admin listener and the signals, from start to drained.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "net/settings.hpp"
#include "observe/log.hpp"
#include "token/verifier.hpp"

namespace postern::net {

// Secrets and certificates as they are now, or why they could not be read; asked for on SIGHUP and when a
// file has changed.
using ReloadKeys = std::function<std::variant<Keys, std::string>()>;

// Serves until SIGTERM or SIGINT has drained it. Returns nothing then, or in one line why it could not start.
std::optional<std::string> serve(const Settings& settings, Keys keys, const ReloadKeys& reload,
                                 observe::Log& log);

}  // namespace postern::net
