#pragma once
// The whole proxy: workers, the admin listener and the signals, from start to drained.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "observe/log.hpp"
#include "relay/settings.hpp"
#include "token/verifier.hpp"

namespace postern::server {

// Secrets and certificates as they are now, or why they could not be read; asked for on SIGHUP and when a
// file has changed.
using ReloadKeys = std::function<std::variant<relay::Keys, std::string>()>;

// What the status page and the metrics say of the process beside what they count.
struct About {
  std::string version;
  std::vector<std::pair<std::string, std::string>> configuration;  // effective, secrets redacted
};

// Serves until SIGTERM or SIGINT has drained it. Returns nothing then, or in one line why it could not start.
std::optional<std::string> serve(const relay::Settings& settings, const About& about, relay::Keys keys,
                                 const ReloadKeys& reload, observe::Log& log);

}  // namespace postern::server
