#include "observe/log/recent_refusals.hpp"

#include <algorithm>

namespace postern::observe {

void RecentRefusals::add(const AccessRecord& record) {
  const auto cut = [](std::string_view text) { return std::string(text.substr(0, longest_text)); };
  Refusal refusal{record.unix_microseconds, cut(record.request_id), cut(record.method),
                  cut(record.rule),         cut(record.reason),     record.status};
  const std::lock_guard lock(mutex_);
  ring_[count_++ % most] = std::move(refusal);
}

std::vector<Refusal> RecentRefusals::newest_first() const {
  const std::lock_guard lock(mutex_);
  std::vector<Refusal> out;
  for (std::size_t back = 1; back <= std::min(count_, most); ++back)
    out.push_back(ring_[(count_ - back) % most]);
  return out;
}

}  // namespace postern::observe
