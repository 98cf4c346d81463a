#pragma once
// Why Postern ends a websocket, as the status code of a close frame (RFC 6455 7.4.1).

#include <cstdint>

namespace postern::relay {

enum class CloseReason : std::uint16_t { none = 0, going_away = 1001, policy_violation = 1008 };

// Whatever ends better with a word to both sides than cut off, and may be silent for long.
class Closable {
 public:
  // Begins to end; only the first call counts.
  virtual void close(CloseReason reason) noexcept = 0;
  // Nothing has moved since DeadlineKind::quiet was armed; sets another deadline.
  virtual void rest() noexcept = 0;

 protected:
  ~Closable() = default;
};

}  // namespace postern::relay
