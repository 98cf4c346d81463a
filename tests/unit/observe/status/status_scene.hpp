#pragma once
// Statuses to order: an hour of minutes with what the test says.

#include <functional>
#include <string_view>

#include "observe/status/status.hpp"

namespace postern::observe::scene {

inline constexpr std::int64_t now = 1'767'225'600;

inline Minute minute(std::uint64_t identified,
                     std::initializer_list<std::pair<std::string_view, std::uint64_t>> refusals = {}) {
  Minute out;
  out.identified = identified;
  out.verdicts[index_of(CountedVerdict::forward)] = identified;
  out.median = .004;
  out.p95 = .020;
  for (const auto& [reason, count] : refusals) {
    out.refusals[reason_index(reason)] = count;
    out.verdicts[index_of(CountedVerdict::refuse)] += count;
  }
  return out;
}

// A service that is well: an hour of 100 requests a minute with users behind them. `lately` are the last five
// minutes, if given.
inline Status well(const Minute& lately = minute(100), const Minute& before = minute(100)) {
  Status status;
  status.now = now;
  status.started_at = now - 86'400;
  status.version = "0.1.0";
  status.host = "api-7d9f";
  for (std::int64_t i = 59; i >= 0; --i) {
    status.minutes.push_back(i < 5 ? lately : before);
    status.minutes.back().begins_at = now - 60 * i;
  }
  status.verdicts = {144'000, 21, 0, 0};
  status.rate = 1.7;
  status.upstream = {"http://127.0.0.1:8000", UpstreamStatus::State::up, "", now - 86'000};
  KeySourceStatus secret;
  secret.name = "BETTER_AUTH_SECRET";
  secret.keys = 1;
  KeySourceStatus set;
  set.name = "https://auth.example.com/api/auth/jwks";
  set.is_set = true;
  set.keys = 2;
  set.last_success = now - 120;
  set.refresh_seconds = 300;
  set.max_stale_seconds = 86'400;
  status.keys = {secret, set};
  return status;
}

}  // namespace postern::observe::scene
