#include "server/shadow_reminder.hpp"

#include <algorithm>
#include <chrono>

#include "config/values/timestamp.hpp"

namespace postern::server {
namespace {

using observe::Level;

constexpr std::chrono::minutes warn_every{1};

}  // namespace

void ShadowReminder::start(std::int64_t until) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const std::string end = config::timestamp_to_string(until);
  if (!window_.open(std::chrono::duration_cast<std::chrono::seconds>(now).count())) {
    log_.event(Level::warn, "shadow mode is over: refusals are answered", {{"until", end}});
    return;
  }
  log_.event(Level::warn, "shadow mode: what would be refused is forwarded without identity",
             {{"until", end}});
  timer_.expires_after(std::min<std::chrono::nanoseconds>(warn_every, std::chrono::seconds(until) - now));
  timer_.async_wait([this, until](const transport::error_code& error) {
    if (!error) start(until);
  });
}

}  // namespace postern::server
