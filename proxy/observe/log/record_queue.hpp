#pragma once
// Access records on their way from one worker to the log thread: a bounded ring of bytes, one writer, one
// reader, no lock and no allocation on the writer's side.

#include <atomic>
#include <boost/lockfree/spsc_queue.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "observe/log/access_record.hpp"

namespace postern::observe {

class RecordQueue {
 public:
  static constexpr std::size_t capacity_bytes = 1 << 20;  // about 4,000 records; touched only as far as used

  RecordQueue() noexcept;

  // The writer's side. A full ring drops the record and counts it: a slow log never slows a request.
  void push(const AccessRecord& record) noexcept;

  // Records that can be popped; the reader's side.
  [[nodiscard]] std::uint64_t waiting() const noexcept {
    return pushed_.load(std::memory_order_acquire) - popped_;
  }

  // The reader's side: the next record with views into `storage`, false when there is none.
  bool pop(AccessRecord& record, std::string& storage);

  // Records dropped since the start; any thread.
  [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_.load(std::memory_order_relaxed); }
  // Since the last call of this; the reader's side.
  std::uint64_t take_dropped() noexcept {
    const std::uint64_t all = dropped();
    return all - std::exchange(reported_, all);
  }

 private:
  boost::lockfree::spsc_queue<char, boost::lockfree::capacity<capacity_bytes>> ring_;
  std::atomic<std::uint64_t> pushed_{0};  // whole records in the ring since the start
  std::uint64_t popped_ = 0;              // the reader's
  std::atomic<std::uint64_t> dropped_{0};
  std::uint64_t reported_ = 0;  // the reader's
};

}  // namespace postern::observe
