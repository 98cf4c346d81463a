#pragma once
// POSTERN_LOG_SAMPLE: which of the requests that went well are logged.

#include <cstdint>

#include "observe/log/access_record.hpp"

namespace postern::observe {

// Of one thread. Evenly spread and without chance: of any 1/share such requests in a row one is logged.
class LogSample {
 public:
  // 0 to 1.
  explicit LogSample(double share) noexcept;

  // Whether to log it; then record.sampled says how many others it stands for. Only what was forwarded and
  // answered with 2xx at level info is ever left out.
  [[nodiscard]] bool takes(AccessRecord& record) noexcept;

 private:
  float share_;
  std::uint64_t step_;  // share times 2^32
  std::uint64_t sum_;
};

}  // namespace postern::observe
