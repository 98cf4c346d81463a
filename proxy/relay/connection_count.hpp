#pragma once
// What of one thread is under way, counted for as long as it lives.

#include <atomic>
#include <cstddef>
#include <functional>

#include "observe/metrics/metrics.hpp"

namespace postern::relay {

struct ConnectionCounts {
  std::size_t accepting = 0;     // accept loops
  std::size_t serving = 0;       // connections, idle ones too
  std::size_t awake = 0;         // those of them that have a coroutine
  std::size_t turning_away = 0;  // connections over the limit that hear so
  std::function<void()> on_fewer = [] {};
  std::atomic<std::size_t>* all_serving = nullptr;  // of all threads, counted down here; null: nobody counts
  observe::WorkerMetrics* metrics = nullptr;        // hears of the serving ones; null: nobody does

  [[nodiscard]] bool empty() const noexcept { return accepting == 0 && serving == 0 && turning_away == 0; }
};

// Counts one in, and out again when it is gone.
class ConnectionCount {
 public:
  using Member = std::size_t ConnectionCounts::*;

  // `counts` outlives it. Whoever counts a connection as serving has counted it in all_serving.
  ConnectionCount(ConnectionCounts& counts, Member member) noexcept;
  ConnectionCount(ConnectionCount&& other) noexcept;
  ConnectionCount& operator=(ConnectionCount&&) = delete;
  ~ConnectionCount();

 private:
  ConnectionCounts* counts_;
  Member member_;
};

}  // namespace postern::relay
