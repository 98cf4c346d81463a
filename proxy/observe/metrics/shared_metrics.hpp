#pragma once
// What happens seldom and on any thread: reloads, fetches of key sets, certificates.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>

#include "observe/metrics/labels.hpp"

namespace postern::observe {

// One key set, in the order of POSTERN_JWKS_URL.
struct KeySetMetrics {
  // [trigger][0: success, 1: failure]
  std::array<std::array<std::atomic<std::uint64_t>, 2>, trigger_names.size()> fetches{};
  std::array<std::atomic<std::uint64_t>, unknown_kid_names.size()> unknown_kids{};
  std::array<std::atomic<std::uint64_t>, algorithm_names.size()> keys{};  // usable ones, of the set in force
  std::atomic<std::int64_t> last_success{0};                              // Unix seconds; 0: never

  void count_fetch(FetchTrigger trigger, bool success) noexcept {
    fetches[index_of(trigger)][success ? 0 : 1].fetch_add(1, std::memory_order_relaxed);
  }
  void count_unknown_kid(UnknownKid outcome) noexcept {
    unknown_kids[index_of(outcome)].fetch_add(1, std::memory_order_relaxed);
  }
};

struct SharedMetrics {
  explicit SharedMetrics(std::size_t sets) : key_sets(sets) {}

  std::deque<KeySetMetrics> key_sets;
  std::array<std::atomic<std::uint64_t>, 2> reloads{};  // success, failure
  std::atomic<std::int64_t> last_reload_success{0};     // Unix seconds; the start counts
  std::atomic<std::int64_t> certificate_not_after{0};   // Unix seconds; 0: no certificate

  void count_reload(bool success, std::int64_t now) noexcept {
    reloads[success ? 0 : 1].fetch_add(1, std::memory_order_relaxed);
    if (success) last_reload_success.store(now, std::memory_order_relaxed);
  }
};

}  // namespace postern::observe
