#pragma once
// The last hour, minute by minute, for the status page: differences of the totals, so that counting costs the
// workers nothing more.

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "observe/metrics/metrics.hpp"

namespace postern::observe {

struct Minute {
  std::int64_t begins_at = 0;  // Unix seconds, a whole minute
  std::array<std::uint64_t, verdict_names.size()> verdicts{};
  std::array<std::uint64_t, reason_count> refusals{};
  std::uint64_t identified = 0;         // requests with a verified user
  std::uint64_t upstream_failures = 0;  // forwarded and answered with 502 or 504
  // Of forwarded requests, in seconds, interpolated within a bucket; 0: there were none.
  double median = 0;
  double p95 = 0;
};

// Used by one thread. Bounded: an hour of minutes.
class History {
 public:
  static constexpr std::size_t most_minutes = 60;

  // Notes the totals of now (Unix seconds); once a second, or less often. A clock that goes back waits for
  // itself.
  void note(std::int64_t now, const Totals& totals);

  // Oldest first; the last one is still going on. Minutes in which nothing was noted are empty.
  [[nodiscard]] std::vector<Minute> minutes() const;

  // Requests a second over the last ten seconds or so.
  [[nodiscard]] double rate() const noexcept;

 private:
  static constexpr std::int64_t rate_seconds = 10;

  // What of the totals a minute is made of.
  struct Counts {
    std::array<std::uint64_t, verdict_names.size()> verdicts{};
    std::array<std::uint64_t, reason_count> refusals{};
    std::array<std::uint64_t, request_bounds.size() + 1> durations{};
    std::uint64_t identified = 0;
    std::uint64_t upstream_failures = 0;
  };
  struct Sample {
    std::int64_t at;
    std::uint64_t requests;
  };

  static Counts counts_of(const Totals& totals) noexcept;
  static Minute difference(const Counts& before, const Counts& after, std::int64_t begins_at) noexcept;

  std::deque<Minute> past_;
  std::optional<Counts> begin_;  // as the running minute began
  Counts latest_;
  std::int64_t minute_ = 0;  // the running one begins at
  std::deque<Sample> samples_;
};

}  // namespace postern::observe
