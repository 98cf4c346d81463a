#include "observe/log/log_sample.hpp"

#include <cmath>

namespace postern::observe {
namespace {

constexpr std::uint64_t whole = std::uint64_t{1} << 32;

}  // namespace

// The first one is taken, unless none is.
LogSample::LogSample(double share) noexcept
    : share_(static_cast<float>(share)),
      step_(static_cast<std::uint64_t>(std::llround(share * static_cast<double>(whole)))),
      sum_(whole - step_) {}

bool LogSample::takes(AccessRecord& record) noexcept {
  const bool went_well =
      record.status / 100 == 2 && record.level <= Level::info && record.verdict == "forward";
  if (step_ == whole || !went_well) return true;
  sum_ += step_;
  if (sum_ < whole) return false;
  sum_ -= whole;
  record.sampled = share_;
  return step_ != 0;
}

}  // namespace postern::observe
