#pragma once
// Shadow mode: until a given time, what the gate would refuse for want of a right is forwarded without any
// identity and only told, for the weeks in which a service still checks tokens itself.

#include <atomic>
#include <cstdint>
#include <optional>

#include "gate/judge.hpp"
#include "http/message.hpp"

namespace postern::gate {

// One for the process, shared by all threads. Once shut it stays shut, whatever the clock says later.
class ShadowWindow {
 public:
  // Unix seconds; nothing: never open.
  explicit ShadowWindow(std::optional<std::int64_t> until) noexcept : until_(until), shut_(!until) {}

  // Whether `now`, Unix seconds, lies before the end, and always has.
  bool open(std::int64_t now) noexcept;

 private:
  std::optional<std::int64_t> until_;
  std::atomic<bool> shut_;
};

// What becomes of a verdict in shadow mode. A refusal with 401, 403, 404, 429, or the 503 of the token's
// step, is forwarded with `shadow` set and without uid, claims or override; its step and reason go on saying
// why it would have been refused. It may still be too large a body. All other verdicts are as they were.
Verdict shadowed(Verdict verdict, const http::RequestHead& head, const Policy& policy) noexcept;

}  // namespace postern::gate
