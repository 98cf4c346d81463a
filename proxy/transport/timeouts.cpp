#include "transport/timeouts.hpp"

namespace postern::transport {

void Timed::on_watched(short) {}

void Timed::arm(DeadlineKind kind, Clock::duration from_now) noexcept {
  kind_ = kind;
  armed_at_ = CoarseClock::now();
  expiry_ = armed_at_ + CoarseClock::lag + from_now;
}

void Deadlines::add(Timed& timed) {
  members_.push_back(timed);
  if (!ticking_) schedule();
}

// Cancelling an operation never resumes a coroutine in place, so no member ends while the list is walked.
template <class Visit>
void Deadlines::for_each(Visit visit) {
  for (auto at = members_.begin(); at != members_.end();) visit(*at++);
}

void Deadlines::schedule() {
  ticking_ = true;
  timer_.expires_after(tick);
  timer_.async_wait([this](const error_code& error) {
    ticking_ = false;
    if (error) return;
    sweep();
    if (!members_.empty()) schedule();
  });
}

void Deadlines::sweep() {
  const auto now = CoarseClock::now();
  for_each([this, now](Timed& member) {
    if (member.expiry_ <= now) {
      member.on_deadline(member.kind_);
    } else if (cut_) {
      member.on_cut(*cut_);
    }
  });
  if (++ticks_ % ticks_between_looks == 0) look_at_silent_ones(now);
}

void Deadlines::look_at_silent_ones(CoarseClock::time_point now) {
  descriptors_.clear();
  silent_.clear();
  for_each([this, now](Timed& member) {
    if (now - member.armed_at_ < silent_after) return;
    const int descriptor = member.watched_descriptor();
    if (descriptor < 0) return;
    descriptors_.push_back({descriptor, POLLIN | POLLRDHUP, 0});
    silent_.push_back(&member);
  });
  if (silent_.empty() || ::poll(descriptors_.data(), descriptors_.size(), 0) <= 0) return;
  for (std::size_t i = 0; i < silent_.size(); ++i) {
    if (descriptors_[i].revents != 0) silent_[i]->on_watched(descriptors_[i].revents);
  }
}

void Deadlines::drain_all() {
  for_each([](Timed& member) { member.on_drain(); });
}

void Deadlines::cut_all(Cut how) {
  cut_ = how;
  for_each([how](Timed& member) { member.on_cut(how); });
}

}  // namespace postern::transport
