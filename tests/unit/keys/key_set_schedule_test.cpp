#include "keys/key_set_schedule.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace postern::keys;

namespace {

using namespace std::chrono_literals;

constexpr Instant start{1'000'000};
constexpr ScheduleSettings usual{};

// After a first set that was had at `start`, without jitter either way.
KeySetSchedule had_once(const ScheduleSettings& settings = usual) {
  KeySetSchedule schedule(settings, start);
  REQUIRE(schedule.begin_due(start) == Trigger::start);
  schedule.succeeded(start, std::nullopt, 0.5);
  return schedule;
}

}  // namespace

TEST_CASE("the first fetch is due at once, and only one is in flight") {
  KeySetSchedule schedule(usual, start);
  CHECK(schedule.due() == start);
  CHECK(schedule.freshness(start) == Freshness::missing);
  CHECK(schedule.begin_due(start) == Trigger::start);
  CHECK(schedule.in_flight());
  CHECK_FALSE(schedule.due());
  CHECK_FALSE(schedule.begin_due(start + 1h));
  schedule.succeeded(start + 1s, std::nullopt, 0.5);
  CHECK_FALSE(schedule.in_flight());
  CHECK(schedule.freshness(start + 1s) == Freshness::fresh);
}

TEST_CASE("a set is fetched again after the refresh, a tenth sooner or later") {
  struct Row {
    double jitter;
    std::optional<Milliseconds> max_age;
    Milliseconds refresh, expected;
  };
  const std::vector<Row> rows{
      {0.5, {}, 5min, 5min}, {0, {}, 5min, 270s},  {1, {}, 5min, 330s},   {0.5, 1min, 5min, 1min},
      {0.5, 1s, 5min, 30s},  {0.5, 0s, 5min, 30s}, {0.5, 30s, 5min, 30s}, {0.5, 1h, 5min, 5min},
      {0, 1s, 5min, 27s},    {1, 1s, 5min, 33s},   {0.5, 1s, 10s, 10s},   {0.5, {}, 1s, 1s},
      {0.5, {}, 720h, 720h},
  };
  for (const auto& [jitter, max_age, refresh, expected] : rows) {
    CAPTURE(jitter);
    CAPTURE(expected.count());
    KeySetSchedule schedule({refresh, 30s, 24h}, start);
    REQUIRE(schedule.begin_due(start));
    schedule.succeeded(start, max_age, jitter);
    REQUIRE(schedule.due());
    const Milliseconds error = *schedule.due() - start - expected;
    CHECK(error <= 1ms);
    CHECK(error >= -1ms);
    CHECK_FALSE(schedule.begin_due(*schedule.due() - 1ms));
    CHECK(schedule.begin_due(*schedule.due()) == Trigger::timer);
  }
}

TEST_CASE("failures back off from 1 to 30 s, with jitter, and a success ends that") {
  for (const double jitter : {0.0, 0.5, 1.0}) {
    CAPTURE(jitter);
    KeySetSchedule schedule(usual, start);
    Instant now = start;
    for (const Milliseconds most : {1000ms, 2000ms, 4000ms, 8000ms, 16000ms, 30000ms, 30000ms, 30000ms}) {
      REQUIRE(schedule.begin_due(now) == Trigger::start);
      schedule.failed(now, jitter);
      const Milliseconds wait = *schedule.due() - now;
      CHECK(wait >= 1000ms);
      CHECK(wait <= most);
      CHECK(wait ==
            std::max<Milliseconds>(1000ms, Milliseconds(static_cast<int>(static_cast<double>(most.count()) *
                                                                         (0.5 + 0.5 * jitter)))));
      now = *schedule.due();
    }
    REQUIRE(schedule.begin_due(now));
    schedule.succeeded(now, std::nullopt, 0.5);
    now = *schedule.due();
    CHECK(schedule.begin_due(now) == Trigger::timer);
    schedule.failed(now, 1);
    CHECK(*schedule.due() - now == 1000ms);
  }
  // Many failures overflow nothing.
  KeySetSchedule schedule(usual, start);
  for (int i = 0; i < 100; ++i) {
    REQUIRE(schedule.begin_due(*schedule.due()));
    schedule.failed(start, 1);
  }
  CHECK(*schedule.due() - start == 30s);
}

TEST_CASE("an unknown key forces a fetch, from a bucket of two that gets one back each cooldown") {
  KeySetSchedule schedule = had_once();
  const auto force = [&](Instant now) {
    const Want want = schedule.want(now);
    if (want.kind == Want::Kind::begin) schedule.succeeded(now, std::nullopt, 0.5);
    return want.kind;
  };
  CHECK(force(start + 1s) == Want::Kind::begin);
  CHECK(force(start + 1s) == Want::Kind::begin);
  CHECK(force(start + 1s) == Want::Kind::refuse);
  CHECK(force(start + 30s) == Want::Kind::refuse);
  CHECK(force(start + 31s) == Want::Kind::begin);
  CHECK(force(start + 31s) == Want::Kind::refuse);
  CHECK(force(start + 61s) == Want::Kind::begin);
  CHECK(force(start + 62s) == Want::Kind::refuse);
  // A long rest fills it to two and no more.
  CHECK(force(start + 1h) == Want::Kind::begin);
  CHECK(force(start + 1h) == Want::Kind::begin);
  CHECK(force(start + 1h) == Want::Kind::refuse);
}

TEST_CASE("a hundred thousand unknown keys cost the issuer one fetch per cooldown") {
  KeySetSchedule schedule = had_once();
  Instant now = start;
  const std::uint64_t before = schedule.fetches();
  for (int i = 0; i < 100'000; ++i) {
    now += 3ms;  // five minutes in all
    if (schedule.want(now).kind == Want::Kind::begin) schedule.failed(now, 1);
  }
  CHECK(schedule.fetches() - before <= 2 + 300 / 30);
  CHECK(schedule.fetches() - before >= 300 / 30);
}

TEST_CASE("a forced fetch counts whether it succeeds or fails, a timer's does not") {
  KeySetSchedule schedule = had_once();
  CHECK(schedule.want(start).kind == Want::Kind::begin);
  schedule.failed(start, 1);
  CHECK(schedule.want(start).kind == Want::Kind::begin);
  schedule.failed(start, 1);
  CHECK(schedule.want(start).kind == Want::Kind::refuse);
  REQUIRE(schedule.begin_due(*schedule.due()));
  schedule.succeeded(start + 2s, std::nullopt, 0.5);
  CHECK(schedule.want(start + 2s).kind == Want::Kind::refuse);

  KeySetSchedule other = had_once();
  for (int i = 0; i < 10; ++i) {
    REQUIRE(other.begin_due(*other.due()) == Trigger::timer);
    other.succeeded(start, std::nullopt, 0.5);
  }
  CHECK(other.want(start).kind == Want::Kind::begin);
}

TEST_CASE("requests join the fetch in flight; only one that began after them is conclusive") {
  KeySetSchedule schedule = had_once();
  const Want first = schedule.want(start + 1s);
  CHECK(first.kind == Want::Kind::begin);
  CHECK(first.conclusive);
  for (int i = 0; i < 5; ++i) {
    const Want joined = schedule.want(start + 2s);
    CHECK(joined.kind == Want::Kind::wait);
    CHECK(joined.fetch == first.fetch);
    CHECK_FALSE(joined.conclusive);
  }
  schedule.succeeded(start + 3s, std::nullopt, 0.5);
  // One that joined and still lacks its key asks again: Better Auth mints two keys at once now and then.
  const Want again = schedule.want(start + 3s);
  CHECK(again.kind == Want::Kind::begin);
  CHECK(again.conclusive);
  CHECK(again.fetch == first.fetch + 1);
  // The first fetch of all, and a timer's, are joined like any other.
  KeySetSchedule starting(usual, start);
  REQUIRE(starting.begin_due(start));
  CHECK(starting.want(start).kind == Want::Kind::wait);
}

TEST_CASE("an old set serves on with a warning, and not forever") {
  KeySetSchedule schedule = had_once({5min, 30s, 24h});
  struct Row {
    Milliseconds age;
    Freshness freshness;
    std::optional<Milliseconds> until;
  };
  const std::vector<Row> rows{{0s, Freshness::fresh, 10min + 1ms},
                              {10min, Freshness::fresh, 10min + 1ms},
                              {10min + 1ms, Freshness::overdue, 24h + 1ms},
                              {24h, Freshness::overdue, 24h + 1ms},
                              {24h + 1ms, Freshness::stale, {}},
                              {48h, Freshness::stale, {}}};
  for (const auto& [age, freshness, until] : rows) {
    CAPTURE(age.count());
    CHECK(schedule.freshness(start + age) == freshness);
    const auto changes = schedule.changes_at(start + age);
    CHECK(changes.has_value() == until.has_value());
    if (changes && until) CHECK(*changes == start + *until);
  }
  REQUIRE(schedule.begin_due(start + 48h));
  schedule.succeeded(start + 48h, std::nullopt, 0.5);
  CHECK(schedule.freshness(start + 48h) == Freshness::fresh);
}

TEST_CASE("a longest age below twice the refresh ends a set without a warning before") {
  KeySetSchedule schedule = had_once({5min, 30s, 1min});
  CHECK(schedule.freshness(start + 1min) == Freshness::fresh);
  CHECK(schedule.freshness(start + 1min + 1ms) == Freshness::stale);
  CHECK(schedule.changes_at(start) == start + 1min + 1ms);
}

TEST_CASE("SIGHUP fetches at once, and again behind a fetch in flight") {
  KeySetSchedule schedule = had_once();
  schedule.fetch_soon(start + 1s);
  CHECK(schedule.due() == start + 1s);
  CHECK(schedule.begin_due(start + 1s) == Trigger::signal);
  schedule.fetch_soon(start + 2s);
  schedule.succeeded(start + 3s, std::nullopt, 0.5);
  CHECK(schedule.begin_due(start + 3s) == Trigger::signal);
  schedule.fetch_soon(start + 4s);
  schedule.failed(start + 5s, 1);
  CHECK(schedule.begin_due(start + 5s) == Trigger::signal);
  schedule.succeeded(start + 6s, std::nullopt, 0.5);
  CHECK_FALSE(schedule.begin_due(start + 7s));
}

TEST_CASE("256 requests wait, and not one more") {
  WaitingRoom room;
  for (std::size_t i = 0; i < WaitingRoom::places; ++i) CHECK(room.enter());
  CHECK_FALSE(room.enter());
  room.leave();
  CHECK(room.enter());
  CHECK_FALSE(room.enter());
  CHECK(room.taken() == WaitingRoom::places);
}
