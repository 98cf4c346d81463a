#include "observe/log/record_queue.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace postern::observe {
namespace {

// A path or method longer than this is cut: the line stays readable and the ring holds enough of them.
constexpr std::size_t longest_text = 2048;

struct Packed {
  std::int64_t unix_microseconds;
  std::uint64_t bytes_in;
  std::uint64_t bytes_out;
  std::uint32_t total_microseconds;
  std::uint32_t upstream_microseconds;
  std::uint32_t status;
  float sampled;
  Level level;
  std::array<std::uint16_t, text_members.size()> lengths;
};

}  // namespace

// Not defaulted: the ring would be filled with zeros first, and so take up its whole memory.
RecordQueue::RecordQueue() noexcept {}  // NOLINT(modernize-use-equals-default)

void RecordQueue::push(const AccessRecord& record) noexcept {
  Packed packed{record.unix_microseconds,
                record.bytes_in,
                record.bytes_out,
                record.total_microseconds,
                record.upstream_microseconds,
                record.status,
                record.sampled,
                record.level,
                {}};
  std::size_t total = sizeof packed;
  for (std::size_t i = 0; i < text_members.size(); ++i) {
    const std::size_t length = std::min((record.*text_members[i]).size(), longest_text);
    packed.lengths[i] = static_cast<std::uint16_t>(length);
    total += length;
  }
  if (ring_.write_available() < total) {
    dropped_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  std::array<char, sizeof packed> head;
  std::memcpy(head.data(), &packed, sizeof packed);
  ring_.push(head.data(), head.size());
  for (std::size_t i = 0; i < text_members.size(); ++i) {
    if (packed.lengths[i] != 0) ring_.push((record.*text_members[i]).data(), packed.lengths[i]);
  }
  pushed_.fetch_add(1, std::memory_order_release);
}

bool RecordQueue::pop(AccessRecord& record, std::string& storage) {
  if (popped_ == pushed_.load(std::memory_order_acquire)) return false;
  ++popped_;
  Packed packed;
  std::array<char, sizeof packed> head;
  ring_.pop(head.data(), head.size());
  std::memcpy(&packed, head.data(), sizeof packed);
  std::size_t total = 0;
  for (const std::uint16_t length : packed.lengths) total += length;
  storage.resize(total);
  if (total != 0) ring_.pop(storage.data(), total);

  record = AccessRecord{};
  record.unix_microseconds = packed.unix_microseconds;
  record.bytes_in = packed.bytes_in;
  record.bytes_out = packed.bytes_out;
  record.total_microseconds = packed.total_microseconds;
  record.upstream_microseconds = packed.upstream_microseconds;
  record.status = packed.status;
  record.sampled = packed.sampled;
  record.level = packed.level;
  std::size_t at = 0;
  for (std::size_t i = 0; i < text_members.size(); ++i) {
    record.*text_members[i] = std::string_view(storage).substr(at, packed.lengths[i]);
    at += packed.lengths[i];
  }
  return true;
}

}  // namespace postern::observe
