#include "relay/upstream_pool.hpp"

#include <algorithm>

namespace postern::relay {

using transport::CoarseClock;
using transport::DeadlineKind;

UpstreamConnection::~UpstreamConnection() {
  if (counted_by_ != nullptr) counted_by_->connection_closed(observe::Side::upstream, state_);
}

void UpstreamConnection::count_as(observe::WorkerMetrics& thread, observe::ConnectionState now) noexcept {
  if (counted_by_ != nullptr) {
    thread.connection_changed(observe::Side::upstream, state_, now);
  } else {
    thread.connection_opened(observe::Side::upstream, now);
  }
  counted_by_ = &thread;
  state_ = now;
}

std::size_t choose_idle(const UpstreamConnections& idle, std::uint64_t user,
                        CoarseClock::time_point now) noexcept {
  for (std::size_t at = idle.size(); at-- > 0;) {
    if (idle[at]->user == user || now - idle[at]->idle_since >= rested_after) return at;
  }
  return 0;
}

UpstreamPool::UpstreamPool(const transport::Executor& executor, transport::Deadlines& deadlines,
                           config::Endpoint upstream, tls::Context context,
                           transport::Clock::duration idle_timeout)
    : deadlines_(deadlines),
      connector_(executor, std::move(upstream), std::move(context)),
      idle_timeout_(idle_timeout) {
  connector_.on_addresses([this] { drop_left_addresses(); });
}

UpstreamPool::Connection UpstreamPool::take_idle(std::uint64_t user) {
  connector_.follow_name();
  const auto now = CoarseClock::now();
  while (!idle_.empty()) {
    // The newest first: where it is too old, the others are older still.
    if (idle_.back()->idle_since < now - idle_timeout_) {
      idle_.clear();
      break;
    }
    const std::size_t at = choose_idle(idle_, user, now);
    Connection chosen = std::move(idle_[at]);
    idle_.erase(idle_.begin() + static_cast<std::ptrdiff_t>(at));
    if (chosen->idle_since >= now - idle_timeout_ && chosen->stream.quiet_and_open()) return chosen;
  }
  return nullptr;
}

void UpstreamPool::give_back(Connection connection) {
  if (!reuses()) return;
  if (connection->stream.is_encrypted()) {
    // Verified by rules that hold no more: neither it nor its session speaks for the upstream.
    if (!connection->stream.tls().made_of(connector_.context())) return;
    connector_.remember_session(connection->stream);
  }
  if (idle_.size() == most_idle || !connector_.is_current(connection->address)) return;
  if (idle_.empty()) {
    arm(DeadlineKind::idle, idle_timeout_);
    if (!is_linked()) deadlines_.add(*this);
  }
  connection->idle_since = CoarseClock::now();
  idle_.push_back(std::move(connection));
}

void UpstreamPool::drop_left_addresses() {
  std::erase_if(idle_, [this](const Connection& idle) { return !connector_.is_current(idle->address); });
}

void UpstreamPool::use_context(tls::Context context) {
  if (!context && !connector_.context()) return;
  connector_.use_context(std::move(context));
  close_idle();
}

void UpstreamPool::on_deadline(DeadlineKind) {
  const auto oldest_allowed = CoarseClock::now() - idle_timeout_;
  std::erase_if(idle_, [&](const Connection& idle) { return idle->idle_since <= oldest_allowed; });
  if (idle_.empty()) {
    unlink();
  } else {
    arm(DeadlineKind::idle, idle_.front()->idle_since - oldest_allowed);
  }
}

}  // namespace postern::relay
