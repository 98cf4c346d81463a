#include "net/deadline.hpp"

namespace postern::net {

void Timed::arm(Phase phase, Clock::duration from_now) noexcept {
  phase_ = phase;
  expiry_ = CoarseClock::now() + CoarseClock::lag + from_now;
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
    const auto now = CoarseClock::now();
    for_each([this, now](Timed& member) {
      if (member.expiry_ <= now) {
        member.on_deadline(member.phase_);
      } else if (ending_ != Phase::none) {
        member.on_deadline(ending_);
      }
    });
    if (!members_.empty()) schedule();
  });
}

void Deadlines::drain_all() {
  for_each([](Timed& member) { member.on_drain(); });
}

void Deadlines::end_all(Phase how) {
  ending_ = how;
  for_each([how](Timed& member) { member.on_deadline(how); });
}

}  // namespace postern::net
