#pragma once
// The last refusals, for the status page: fed by the log thread, read by the admin listener.

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "observe/log/access_record.hpp"

namespace postern::observe {

// No path, no token, no user: what helps to find the line in the log.
struct Refusal {
  std::int64_t unix_microseconds = 0;
  std::string request_id;
  std::string method;
  std::string rule;  // empty: none matched
  std::string reason;
  unsigned status = 0;
};

// Bounded; any thread, never on the request path.
class RecentRefusals {
 public:
  static constexpr std::size_t most = 50;
  static constexpr std::size_t longest_text = 128;  // longer ones are cut

  void add(const AccessRecord& record);
  [[nodiscard]] std::vector<Refusal> newest_first() const;

 private:
  mutable std::mutex mutex_;
  std::array<Refusal, most> ring_;
  std::size_t count_ = 0;  // since the start
};

}  // namespace postern::observe
