#pragma once
// The log's warning while shadow mode is open, again and again: what was meant for a few weeks must not be
// forgotten. Used by the main thread alone.

#include <cstdint>

#include "gate/shadow.hpp"
#include "observe/log/log.hpp"
#include "transport/asio.hpp"

namespace postern::server {

class ShadowReminder {
 public:
  // Both outlive it.
  ShadowReminder(const transport::Executor& executor, gate::ShadowWindow& window, observe::Log& log)
      : timer_(executor), window_(window), log_(log) {}

  // Warns now and once a minute until `until`, in Unix seconds, and says when it is over.
  void start(std::int64_t until);

 private:
  transport::Timer timer_;
  gate::ShadowWindow& window_;
  observe::Log& log_;
};

}  // namespace postern::server
