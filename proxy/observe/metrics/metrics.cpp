#include "observe/metrics/metrics.hpp"

#include <algorithm>

namespace postern::observe {
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

std::uint64_t Totals::connections(Side side, ConnectionState state) const noexcept {
  const auto busy = [&](ConnectionState one) { return (*this)[cells::busy_connections(side, one)]; };
  if (state != ConnectionState::idle) return busy(state);
  const std::uint64_t open = (*this)[cells::open_connections(side)];
  return open - std::min(open, busy(ConnectionState::active) + busy(ConnectionState::tunnel));
}

Totals Metrics::fold() const {
  Totals totals;
  for (const WorkerMetrics& worker : workers_) totals.add(worker);
  return totals;
}

}  // namespace postern::observe
