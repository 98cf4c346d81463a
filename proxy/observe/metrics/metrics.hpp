#pragma once
// What is counted of requests and connections: a block of plain cells per thread, added up when somebody
// looks.

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include "observe/metrics/labels.hpp"
#include "observe/metrics/refusal_reasons.hpp"

namespace postern::observe {

// Upper bounds of the buckets, in microseconds.
inline constexpr std::array<std::uint64_t, 18> request_bounds_us = {
    1'000,   2'500,   5'000,     10'000,    25'000,    50'000,    75'000,     100'000,    250'000,
    500'000, 750'000, 1'000'000, 2'500'000, 5'000'000, 7'500'000, 10'000'000, 30'000'000, 60'000'000};
inline constexpr std::array<std::uint64_t, 12> gate_bounds_us = {
    10, 25, 50, 100, 250, 500, 1'000, 2'500, 5'000, 10'000, 50'000, 250'000};

template <std::size_t Count>
constexpr std::array<double, Count> in_seconds(
    const std::array<std::uint64_t, Count>& microseconds) noexcept {
  std::array<double, Count> out{};
  for (std::size_t i = 0; i < Count; ++i) out[i] = static_cast<double>(microseconds[i]) / 1e6;
  return out;
}
inline constexpr std::array request_bounds = in_seconds(request_bounds_us);
inline constexpr std::array gate_bounds = in_seconds(gate_bounds_us);

// The bounds in nanoseconds, and for each place of the highest bit the first bucket that could be it: one or
// two comparisons find it, however long a request took.
template <std::size_t Bounds>
struct Buckets {
  explicit constexpr Buckets(const std::array<std::uint64_t, Bounds>& microseconds) {
    for (std::size_t i = 0; i < Bounds; ++i) bounds[i] = microseconds[i] * 1000;
    bounds[Bounds] = std::numeric_limits<std::uint64_t>::max();
    for (std::size_t bit = 0; bit < starts.size(); ++bit) {
      std::size_t first = 0;
      while (bounds[first] < std::uint64_t{1} << bit) ++first;
      starts[bit] = static_cast<std::uint8_t>(first);
    }
  }

  [[nodiscard]] std::size_t find(std::uint64_t value) const noexcept {
    std::size_t bucket = starts[static_cast<std::size_t>(63 - std::countl_zero(value | 1))];
    while (value > bounds[bucket]) ++bucket;
    return bucket;
  }

  std::array<std::uint64_t, Bounds + 1> bounds{};
  std::array<std::uint8_t, 64> starts{};
};
inline constexpr Buckets request_buckets(request_bounds_us);
inline constexpr Buckets gate_buckets(gate_bounds_us);

// Where in a block each value is. A histogram has a cell for each bound, one for what is above them all, and
// one for the sum in nanoseconds.
namespace cells {
inline constexpr unsigned first_code = 100, last_code = 999;
inline constexpr std::size_t codes = last_code - first_code + 2;  // the first is "none"
inline constexpr std::size_t request_cells = request_bounds.size() + 2;
inline constexpr std::size_t gate_cells = gate_bounds.size() + 2;

inline constexpr std::size_t identified = 0;  // requests with a verified user
inline constexpr std::size_t token_cache_entries = 1;
inline constexpr std::size_t token_cache = 2;             // hit, miss
inline constexpr std::size_t pool = token_cache + 2;      // hit, miss
inline constexpr std::size_t upstream_opened = pool + 2;  // success, failure
// Side; all that are open in the place of the idle ones, which are those that are in no other state.
inline constexpr std::size_t connections = upstream_opened + 2;
inline constexpr std::size_t stream_ends = connections + side_names.size() * state_names.size();
inline constexpr std::size_t gate_duration = stream_ends + stream_end_names.size();
inline constexpr std::size_t upstream_duration = gate_duration + gate_cells;
inline constexpr std::size_t request_duration = upstream_duration + request_cells;  // verdict
inline constexpr std::size_t refusals = request_duration + verdict_names.size() * request_cells;
inline constexpr std::size_t shadow_refusals = refusals + reason_count;
inline constexpr std::size_t requests = shadow_refusals + reason_count;  // verdict, code
inline constexpr std::size_t count = requests + verdict_names.size() * codes;

constexpr std::size_t open_connections(Side side) noexcept {
  return connections + index_of(side) * state_names.size();
}
constexpr std::size_t busy_connections(Side side, ConnectionState state) noexcept {
  return open_connections(side) + index_of(state);
}
constexpr std::size_t request(CountedVerdict verdict, unsigned status) noexcept {
  const unsigned code = status - first_code + 1;  // of what is below the first and no code: very large
  return requests + index_of(verdict) * codes + (code < codes ? code : 0);
}
constexpr std::size_t duration_of(CountedVerdict verdict) noexcept {
  return request_duration + index_of(verdict) * request_cells;
}
}  // namespace cells

struct CountedRequest {
  CountedVerdict verdict = CountedVerdict::forward;
  unsigned status = 0;      // sent to the client; 0: none was
  bool identified = false;  // a verified user stands behind it
  std::chrono::nanoseconds total{};
  std::chrono::nanoseconds gate{};      // Postern's own share of it
  std::chrono::nanoseconds upstream{};  // from the first byte sent upstream to its final head; 0: not asked
};

// Written by one thread, read by any: a load and a store instead of a locked addition, and no cache line that
// two writers share.
class alignas(64) WorkerMetrics {
 public:
  void count(const CountedRequest& request) noexcept {
    add(cells::request(request.verdict, request.status), 1);
    observe(request_buckets, cells::duration_of(request.verdict), request.total);
    observe(gate_buckets, cells::gate_duration, request.gate);
    if (request.upstream.count() > 0) observe(request_buckets, cells::upstream_duration, request.upstream);
    add(cells::identified, static_cast<std::int64_t>(request.identified));
  }
  // `reason` as in the log. With verdict shadow it counts as what would have been refused.
  void count_refusal(CountedVerdict verdict, std::string_view reason) noexcept;

  // A client's connection is busy while its request is served, and only then.
  void connection_opened(Side side, ConnectionState state) noexcept {
    add(cells::open_connections(side), 1);
    count_busy(side, state, 1);
  }
  void connection_closed(Side side, ConnectionState state) noexcept {
    add(cells::open_connections(side), -1);
    count_busy(side, state, -1);
  }
  void connection_changed(Side side, ConnectionState from, ConnectionState to) noexcept {
    count_busy(side, from, -1);
    count_busy(side, to, 1);
  }
  void count_upstream_opened(bool success) noexcept { add(cells::upstream_opened + (success ? 0 : 1), 1); }
  void count_pool(bool hit) noexcept { add(cells::pool + (hit ? 0 : 1), 1); }
  void count_token_cache(bool hit) noexcept { add(cells::token_cache + (hit ? 0 : 1), 1); }
  void set_token_cache_entries(std::size_t entries) noexcept {
    cells_[cells::token_cache_entries].store(static_cast<std::int64_t>(entries), std::memory_order_relaxed);
  }
  void count_stream_end(StreamEnd why) noexcept { add(cells::stream_ends + index_of(why), 1); }

  void add_to(std::span<std::int64_t, cells::count> sums) const noexcept;  // any thread

 private:
  void count_busy(Side side, ConnectionState state, std::int64_t amount) noexcept {
    if (state != ConnectionState::idle) add(cells::busy_connections(side, state), amount);
  }
  void add(std::size_t cell, std::int64_t amount) noexcept {
    cells_[cell].store(cells_[cell].load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  template <std::size_t Bounds>
  void observe(const Buckets<Bounds>& buckets, std::size_t first,
               std::chrono::nanoseconds duration) noexcept {
    const std::int64_t value = std::max<std::int64_t>(0, duration.count());
    add(first + buckets.find(static_cast<std::uint64_t>(value)), 1);
    add(first + buckets.bounds.size(), value);
  }

  std::array<std::atomic<std::int64_t>, cells::count> cells_{};
};

// All threads together, at one moment.
class Totals {
 public:
  Totals() : sums_(cells::count) {}

  [[nodiscard]] std::uint64_t operator[](std::size_t cell) const noexcept {
    return sums_[cell] < 0 ? 0 : static_cast<std::uint64_t>(sums_[cell]);
  }
  [[nodiscard]] std::uint64_t requests(CountedVerdict verdict, unsigned status) const noexcept {
    return (*this)[cells::request(verdict, status)];
  }
  // Of all statuses.
  [[nodiscard]] std::uint64_t requests(CountedVerdict verdict) const noexcept;
  [[nodiscard]] std::uint64_t connections(Side side, ConnectionState state) const noexcept;
  [[nodiscard]] std::uint64_t in_flight() const noexcept {
    return connections(Side::client, ConnectionState::active) +
           connections(Side::client, ConnectionState::tunnel);
  }
  void add(const WorkerMetrics& worker) noexcept {
    worker.add_to(std::span<std::int64_t, cells::count>(sums_.data(), cells::count));
  }

 private:
  std::vector<std::int64_t> sums_;
};

// The blocks of all workers.
class Metrics {
 public:
  // Before anybody looks; owned here, never moved.
  WorkerMetrics& add_worker() { return workers_.emplace_back(); }
  [[nodiscard]] Totals fold() const;

 private:
  std::deque<WorkerMetrics> workers_;
};

}  // namespace postern::observe
