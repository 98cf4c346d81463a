#pragma once
// When one JWK Set is fetched, and what becomes of requests that want a key of it. Pure: it has no clock, no
// socket and no randomness, the shell around it passes them in. One per set; used on one thread.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace postern::keys {

using Milliseconds = std::chrono::milliseconds;
// Since any fixed moment; a steady clock, so that a set-back wall clock makes no set younger.
using Instant = std::chrono::milliseconds;

struct ScheduleSettings {
  Milliseconds refresh{300'000};
  Milliseconds cooldown{30'000};
  Milliseconds max_stale{86'400'000};
};

// How long a request waits for a fetch, and how long a fetch may take (whole, and to connect).
inline constexpr Milliseconds longest_wait{2'000};
inline constexpr Milliseconds longest_fetch{5'000};
inline constexpr Milliseconds longest_connect{2'000};
inline constexpr Milliseconds shortest_max_age{30'000};

enum class Trigger : std::uint8_t { start, timer, unknown_key, signal };

enum class Freshness : std::uint8_t {
  missing,  // never had
  fresh,
  overdue,  // older than twice the refresh: usable, with a warning
  stale,    // older than the longest age: unusable until it is had again
};

// What a request that wants a key may do.
struct Want {
  enum class Kind : std::uint8_t {
    wait,    // for the end of fetch `fetch`, at most longest_wait
    begin,   // likewise, and the caller begins that fetch now
    refuse,  // 503: the bucket is empty
  };
  Kind kind = Kind::refuse;
  std::uint64_t fetch = 0;
  // The fetch begins after the request came: a key that it lacks is no key of the issuer's (401). Otherwise
  // the set may be from before the key was made: judge again and want again.
  bool conclusive = false;
};

class KeySetSchedule {
 public:
  // The first fetch is due at once.
  KeySetSchedule(const ScheduleSettings& settings, Instant now);

  // The moment to call begin_due() at, or later; nothing while a fetch is in flight.
  [[nodiscard]] std::optional<Instant> due() const noexcept;
  // Why a fetch is to begin now; it is in flight then. Nothing: none is due.
  std::optional<Trigger> begin_due(Instant now) noexcept;
  // SIGHUP: a fetch is due now. One in flight is followed by another.
  void fetch_soon(Instant now) noexcept;

  // A request wants a key that the set lacks, or any key of a set that cannot be used. Forced fetches come
  // from a bucket of two, which gets one back each cooldown, whatever becomes of them.
  Want want(Instant now) noexcept;

  // The fetch in flight has ended. `jitter` is between 0 and 1, random each time. `max_age` is
  // Cache-Control's, when there is one: it can bring the next fetch nearer, not further than
  // shortest_max_age.
  void succeeded(Instant now, std::optional<Milliseconds> max_age, double jitter) noexcept;
  void failed(Instant now, double jitter) noexcept;

  [[nodiscard]] bool in_flight() const noexcept { return in_flight_.has_value(); }
  [[nodiscard]] std::uint64_t fetches() const noexcept { return fetches_; }  // begun so far
  [[nodiscard]] Freshness freshness(Instant now) const noexcept;
  // When freshness() will be another if nothing is fetched; nothing: never.
  [[nodiscard]] std::optional<Instant> changes_at(Instant now) const noexcept;

 private:
  void begin(Trigger trigger) noexcept;
  void refill(Instant now) noexcept;

  static constexpr unsigned bucket_size = 2;

  ScheduleSettings settings_;
  Instant due_;
  Trigger due_trigger_ = Trigger::start;
  bool again_ = false;  // another fetch was asked for during this one
  std::optional<Trigger> in_flight_;
  std::uint64_t fetches_ = 0;
  unsigned failures_ = 0;  // in a row
  std::optional<Instant> had_at_;
  unsigned forced_left_ = bucket_size;
  Instant refilled_at_;
};

// Requests of one process that wait for keys. Counted on one thread.
class WaitingRoom {
 public:
  static constexpr std::size_t places = 256;

  // False when it is full: 503.
  bool enter() noexcept;
  void leave() noexcept;
  [[nodiscard]] std::size_t taken() const noexcept { return taken_; }

 private:
  std::size_t taken_ = 0;
};

}  // namespace postern::keys
