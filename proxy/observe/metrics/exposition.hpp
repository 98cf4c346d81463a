#pragma once
// The metrics in Prometheus' text format, written by prometheus-cpp.

#include <prometheus/collectable.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "observe/metrics/metrics.hpp"
#include "observe/metrics/process_figures.hpp"
#include "observe/metrics/shared_metrics.hpp"

namespace postern::observe {

// What /metrics answers with (Prometheus text format 0.0.4).
inline constexpr std::string_view exposition_content_type = "text/plain; version=0.0.4; charset=utf-8";

// All that is read for one scrape. `shared` is read while the families are made and outlives that.
struct Scrape {
  Totals totals;
  const SharedMetrics* shared = nullptr;
  std::optional<ProcessFigures> process;
  std::uint64_t lines_dropped = 0;
  std::string version;
};

// The families of the contract, in its order.
std::vector<prometheus::MetricFamily> families(const Scrape& scrape);

// Takes a scrape each time it is asked.
class MetricsCollectable final : public prometheus::Collectable {
 public:
  explicit MetricsCollectable(std::function<Scrape()> take) : take_(std::move(take)) {}
  [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  std::function<Scrape()> take_;
};

// The body for /metrics.
std::string expose(const prometheus::Collectable& metrics);

}  // namespace postern::observe
