#include "relay/connection_count.hpp"

#include <utility>

namespace postern::relay {

ConnectionCount::ConnectionCount(ConnectionCounts& counts, Member member) noexcept
    : counts_(&counts), member_(member) {
  ++(counts_->*member_);
  if (member_ == &ConnectionCounts::serving && counts_->metrics != nullptr)
    counts_->metrics->connection_opened(observe::Side::client, observe::ConnectionState::idle);
}

ConnectionCount::ConnectionCount(ConnectionCount&& other) noexcept
    : counts_(std::exchange(other.counts_, nullptr)), member_(other.member_) {}

ConnectionCount::~ConnectionCount() {
  if (counts_ == nullptr) return;
  --(counts_->*member_);
  if (member_ == &ConnectionCounts::serving) {
    if (counts_->metrics != nullptr)
      counts_->metrics->connection_closed(observe::Side::client, observe::ConnectionState::idle);
    if (counts_->all_serving != nullptr) counts_->all_serving->fetch_sub(1, std::memory_order_relaxed);
  }
  counts_->on_fewer();
}

}  // namespace postern::relay
