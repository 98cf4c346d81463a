#include "keys/key_set_schedule.hpp"

#include <algorithm>
#include <utility>

namespace postern::keys {
namespace {

constexpr Milliseconds shortest_backoff{1'000}, longest_backoff{30'000};

Milliseconds scaled(Milliseconds duration, double factor) noexcept {
  return Milliseconds(static_cast<Milliseconds::rep>(static_cast<double>(duration.count()) * factor));
}

// 1, 2, 4, ... 30 s, each between half of that and the whole, so that gates that failed together do not come
// back together.
Milliseconds backoff(unsigned failures, double jitter) noexcept {
  const auto doubled = shortest_backoff * (1U << std::min(failures - 1, 5U));
  const auto most = std::min<Milliseconds>(doubled, longest_backoff);
  return std::max(shortest_backoff, scaled(most, 0.5 + 0.5 * jitter));
}

}  // namespace

KeySetSchedule::KeySetSchedule(const ScheduleSettings& settings, Instant now)
    : settings_(settings), due_(now), refilled_at_(now) {}

std::optional<Instant> KeySetSchedule::due() const noexcept {
  if (in_flight_) return std::nullopt;
  return due_;
}

std::optional<Trigger> KeySetSchedule::begin_due(Instant now) noexcept {
  if (in_flight_ || now < due_) return std::nullopt;
  begin(due_trigger_);
  return in_flight_;
}

void KeySetSchedule::begin(Trigger trigger) noexcept {
  in_flight_ = trigger;
  ++fetches_;
}

void KeySetSchedule::fetch_soon(Instant now) noexcept {
  if (in_flight_) {
    again_ = true;
    return;
  }
  due_ = now;
  due_trigger_ = Trigger::signal;
}

void KeySetSchedule::refill(Instant now) noexcept {
  while (forced_left_ < bucket_size && now - refilled_at_ >= settings_.cooldown) {
    ++forced_left_;
    refilled_at_ += settings_.cooldown;
  }
  if (forced_left_ == bucket_size) refilled_at_ = now;  // a full bucket gains nothing by waiting
}

Want KeySetSchedule::want(Instant now) noexcept {
  if (in_flight_) return {Want::Kind::wait, fetches_, false};
  refill(now);
  if (forced_left_ == 0) return {};
  --forced_left_;
  begin(Trigger::unknown_key);
  return {Want::Kind::begin, fetches_, true};
}

void KeySetSchedule::succeeded(Instant now, std::optional<Milliseconds> max_age, double jitter) noexcept {
  in_flight_.reset();
  failures_ = 0;
  had_at_ = now;
  Milliseconds period = settings_.refresh;
  if (max_age) period = std::min(period, std::max(*max_age, shortest_max_age));
  due_ = now + scaled(period, 0.9 + 0.2 * jitter);
  due_trigger_ = Trigger::timer;
  if (std::exchange(again_, false)) fetch_soon(now);
}

void KeySetSchedule::failed(Instant now, double jitter) noexcept {
  in_flight_.reset();
  ++failures_;
  due_ = now + backoff(failures_, jitter);
  due_trigger_ = had_at_ ? Trigger::timer : Trigger::start;
  if (std::exchange(again_, false)) fetch_soon(now);
}

Freshness KeySetSchedule::freshness(Instant now) const noexcept {
  if (!had_at_) return Freshness::missing;
  const Milliseconds age = now - *had_at_;
  if (age > settings_.max_stale) return Freshness::stale;
  return age > 2 * settings_.refresh ? Freshness::overdue : Freshness::fresh;
}

std::optional<Instant> KeySetSchedule::changes_at(Instant now) const noexcept {
  const Instant moment = had_at_.value_or(now) + Milliseconds(1);
  switch (freshness(now)) {
    case Freshness::fresh:
      return moment + std::min<Milliseconds>(2 * settings_.refresh, settings_.max_stale);
    case Freshness::overdue:
      return moment + settings_.max_stale;
    case Freshness::missing:
    case Freshness::stale:
      break;
  }
  return std::nullopt;
}

bool WaitingRoom::enter() noexcept {
  if (taken_ == places) return false;
  ++taken_;
  return true;
}

void WaitingRoom::leave() noexcept {
  --taken_;
}

}  // namespace postern::keys
