#include "observe/metrics/metrics.hpp"

#include <algorithm>
#include <bit>
#include <limits>

namespace postern::observe {
namespace {

constexpr std::size_t bits = 65;

// The bounds in nanoseconds, and for each number of significant bits the first bucket that could be it: one
// or two comparisons find it, however long a request took.
template <std::size_t Bounds>
struct Buckets {
  explicit constexpr Buckets(const std::array<std::uint64_t, Bounds>& microseconds) {
    for (std::size_t i = 0; i < Bounds; ++i) bounds[i] = microseconds[i] * 1000;
    bounds[Bounds] = std::numeric_limits<std::uint64_t>::max();
    for (std::size_t width = 0; width < bits; ++width) {
      const std::uint64_t least = width == 0 ? 0 : std::uint64_t{1} << (width - 1);
      std::size_t first = 0;
      while (bounds[first] < least) ++first;
      starts[width] = static_cast<std::uint8_t>(first);
    }
  }

  [[nodiscard]] std::size_t find(std::uint64_t value) const noexcept {
    std::size_t bucket = starts[static_cast<std::size_t>(std::bit_width(value))];
    while (value > bounds[bucket]) ++bucket;
    return bucket;
  }

  static constexpr std::size_t size = Bounds + 1;
  std::array<std::uint64_t, Bounds + 1> bounds{};
  std::array<std::uint8_t, bits> starts{};
};

constexpr Buckets request_buckets(request_bounds_us);
constexpr Buckets gate_buckets(gate_bounds_us);

}  // namespace

template <class Buckets>
void WorkerMetrics::observe(const Buckets& buckets, std::size_t first,
                            std::chrono::nanoseconds duration) noexcept {
  const std::int64_t value = std::max<std::int64_t>(0, duration.count());
  add(first + buckets.find(static_cast<std::uint64_t>(value)), 1);
  add(first + Buckets::size, value);
}

void WorkerMetrics::count(const CountedRequest& request) noexcept {
  add(cells::request(request.verdict, request.status), 1);
  observe(request_buckets, cells::duration_of(request.verdict), request.total);
  observe(gate_buckets, cells::gate_duration, request.gate);
  if (request.upstream.count() != 0) observe(request_buckets, cells::upstream_duration, request.upstream);
  if (request.identified) add(cells::identified, 1);
}

void WorkerMetrics::count_refusal(CountedVerdict verdict, std::string_view reason) noexcept {
  const std::size_t first = verdict == CountedVerdict::shadow ? cells::shadow_refusals : cells::refusals;
  add(first + reason_index(reason), 1);
}

void WorkerMetrics::add_to(std::span<std::int64_t, cells::count> sums) const noexcept {
  for (std::size_t i = 0; i < cells::count; ++i) sums[i] += cells_[i].load(std::memory_order_relaxed);
}

std::uint64_t Totals::requests(CountedVerdict verdict) const noexcept {
  const std::size_t first = cells::request(verdict, 0);
  std::uint64_t sum = 0;
  for (std::size_t code = 0; code < cells::codes; ++code) sum += (*this)[first + code];
  return sum;
}

Totals Metrics::fold() const {
  Totals totals;
  for (const WorkerMetrics& worker : workers_) totals.add(worker);
  return totals;
}

}  // namespace postern::observe
