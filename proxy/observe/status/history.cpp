#include "observe/status/history.hpp"

#include <algorithm>
#include <numeric>
#include <span>

namespace postern::observe {
namespace {

constexpr std::int64_t minute_seconds = 60;

// The duration below which this share of the requests lies, as histogram_quantile() in Prometheus finds it.
double quantile(std::span<const std::uint64_t> buckets, double share) noexcept {
  const std::uint64_t all = std::accumulate(buckets.begin(), buckets.end(), std::uint64_t{0});
  if (all == 0) return 0;
  const double rank = share * static_cast<double>(all);
  double below = 0;
  for (std::size_t i = 0; i < request_bounds.size(); ++i) {
    const auto count = static_cast<double>(buckets[i]);
    if (count > 0 && below + count >= rank) {
      const double from = i == 0 ? 0 : request_bounds[i - 1];
      return from + (request_bounds[i] - from) * (rank - below) / count;
    }
    below += count;
  }
  return request_bounds.back();
}

template <std::size_t Size>
std::array<std::uint64_t, Size> minus(const std::array<std::uint64_t, Size>& after,
                                      const std::array<std::uint64_t, Size>& before) noexcept {
  std::array<std::uint64_t, Size> out{};
  for (std::size_t i = 0; i < Size; ++i) out[i] = after[i] - before[i];
  return out;
}

}  // namespace

History::Counts History::counts_of(const Totals& totals) noexcept {
  Counts counts;
  for (std::size_t i = 0; i < counts.verdicts.size(); ++i) {
    counts.verdicts[i] = totals.requests(static_cast<CountedVerdict>(i));
  }
  for (std::size_t i = 0; i < reason_count; ++i) counts.refusals[i] = totals[cells::refusals + i];
  const std::size_t durations = cells::duration_of(CountedVerdict::forward);
  for (std::size_t i = 0; i < counts.durations.size(); ++i) counts.durations[i] = totals[durations + i];
  counts.identified = totals[cells::identified];
  counts.upstream_failures =
      totals.requests(CountedVerdict::forward, 502) + totals.requests(CountedVerdict::forward, 504);
  return counts;
}

Minute History::difference(const Counts& before, const Counts& after, std::int64_t begins_at) noexcept {
  Minute minute;
  minute.begins_at = begins_at;
  minute.verdicts = minus(after.verdicts, before.verdicts);
  minute.refusals = minus(after.refusals, before.refusals);
  minute.identified = after.identified - before.identified;
  minute.upstream_failures = after.upstream_failures - before.upstream_failures;
  const auto durations = minus(after.durations, before.durations);
  minute.median = quantile(durations, .5);
  minute.p95 = quantile(durations, .95);
  return minute;
}

void History::note(std::int64_t now, const Totals& totals) {
  const Counts counts = counts_of(totals);
  const std::int64_t minute = now - now % minute_seconds;
  if (!begin_) {
    begin_ = counts;
    minute_ = minute;
  }
  latest_ = counts;
  if (minute > minute_) {
    past_.push_back(difference(*begin_, counts, minute_));
    // As many as would still be kept.
    const std::int64_t oldest = minute - minute_seconds * static_cast<std::int64_t>(most_minutes);
    for (std::int64_t quiet = std::max(minute_ + minute_seconds, oldest); quiet < minute;
         quiet += minute_seconds) {
      Minute nothing;
      nothing.begins_at = quiet;
      past_.push_back(nothing);
    }
    while (past_.size() >= most_minutes) past_.pop_front();
    begin_ = counts;
    minute_ = minute;
  }
  const std::uint64_t requests =
      std::accumulate(counts.verdicts.begin(), counts.verdicts.end(), std::uint64_t{0});
  if (!samples_.empty() && samples_.back().at >= now) return;
  samples_.push_back({now, requests});
  // One sample stays that is as old as the span, or older.
  while (samples_.size() > 2 && samples_[1].at <= now - rate_seconds) samples_.pop_front();
}

std::vector<Minute> History::minutes() const {
  std::vector<Minute> out(past_.begin(), past_.end());
  if (begin_) out.push_back(difference(*begin_, latest_, minute_));
  return out;
}

double History::rate() const noexcept {
  if (samples_.size() < 2) return 0;
  const Sample &first = samples_.front(), &last = samples_.back();
  return static_cast<double>(last.requests - first.requests) / static_cast<double>(last.at - first.at);
}

}  // namespace postern::observe
