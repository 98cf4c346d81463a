#pragma once
// How often somebody may do something: token buckets in a bounded table, shared by all threads without a
// lock. Time is a parameter.

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace postern::gate {

// `count` in each `period`, and `burst` at once after a quiet while.
struct Rate {
  std::uint32_t count = 1;                 // 1 to 1,000,000
  std::chrono::milliseconds period{1000};  // one second to one hour
  std::uint32_t burst = 1;                 // 1 to 1,000,000
};

struct RateOutcome {
  bool allowed = true;
  std::uint32_t retry_after = 0;  // whole seconds until one more is allowed, at least 1; 0: allowed now
};

// Buckets are found by the keyed hash of their names (token::KeyedHash), of which the table keeps 23 bits
// beside the place: two names share a bucket once in millions. Bounded: in a full set the bucket that has
// been quiet longest, which is nearest to full again, is forgotten first. Callable from any thread; exact
// among them.
class RateLimit {
 public:
  static constexpr std::size_t sets = 12'500;
  static constexpr std::size_t ways = 8;
  static constexpr std::size_t entries = sets * ways;

  explicit RateLimit(const Rate& rate);

  // Takes one from the bucket, if it has one. `now` is of a clock that never goes back, since any origin.
  RateOutcome take(std::uint64_t name_hash, std::chrono::nanoseconds now) noexcept;

  // Whether one could be taken, taking none.
  [[nodiscard]] RateOutcome look(std::uint64_t name_hash, std::chrono::nanoseconds now) const noexcept;

  [[nodiscard]] const Rate& rate() const noexcept { return rate_; }

 private:
  // A bucket in one word: 24 bits of the name's hash, the lowest set, over 40 bits of when it will be full
  // again, in ticks modulo 2^40 (the generic cell rate algorithm, ITU-T I.371). 0: nobody's.
  using Word = std::uint64_t;
  struct alignas(64) Set {
    std::array<std::atomic<Word>, ways> words{};
  };

  [[nodiscard]] std::uint64_t ticks(std::chrono::nanoseconds now) const noexcept;
  [[nodiscard]] std::uint64_t backlog(Word word, std::uint64_t now) const noexcept;
  [[nodiscard]] RateOutcome refusal(std::uint64_t backlog_ticks) const noexcept;
  [[nodiscard]] Word word_of(std::uint64_t tag, std::uint64_t full_at) const noexcept;
  RateOutcome take_slowly(Set& set, std::uint64_t tag, std::uint64_t now) const noexcept;
  [[nodiscard]] bool begin(Set& set, std::uint64_t tag, std::uint64_t now) const noexcept;
  [[nodiscard]] static std::size_t set_of(std::uint64_t name_hash) noexcept;

  Rate rate_;
  std::uint64_t ticks_each_;  // that one taken adds to the backlog
  std::uint64_t tick_nanoseconds_;
  std::uint64_t most_backlog_;  // ticks; one more can be taken while the backlog is at most this
  std::uint64_t whole_burst_;   // ticks; no backlog is more
  std::vector<Set> sets_;
};

// What names a client's bucket: an IPv4 address (in its mapped form) whole, of IPv6 the /64, which one client
// has to itself. The view is into `address`.
std::string_view rate_key_of_address(const std::array<unsigned char, 16>& address) noexcept;

// The 16 bytes of an address as text, IPv4 in its mapped form; nothing for what is none. A zone ("%eth0") is
// dropped.
std::optional<std::array<unsigned char, 16>> parse_address(std::string_view text) noexcept;

}  // namespace postern::gate
