#include "observe/status/history.hpp"

#include <doctest/doctest.h>

using namespace postern::observe;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t start = 1'767'225'600;  // a whole minute

struct Traffic {
  Metrics metrics;
  WorkerMetrics& worker = metrics.add_worker();
  History history;

  void forward(int count, std::chrono::nanoseconds total, unsigned status = 200) {
    CountedRequest request;
    request.status = status;
    request.total = total;
    request.identified = true;
    for (int i = 0; i < count; ++i) worker.count(request);
  }
  void refuse(int count, std::string_view reason) {
    CountedRequest request;
    request.verdict = CountedVerdict::refuse;
    request.status = 401;
    for (int i = 0; i < count; ++i) {
      worker.count(request);
      worker.count_refusal(CountedVerdict::refuse, reason);
    }
  }
  void at(std::int64_t seconds) { history.note(start + seconds, metrics.fold()); }
};

}  // namespace

TEST_CASE("each minute has what happened in it") {
  Traffic traffic;
  traffic.forward(5, 1ms);  // before anybody looked
  traffic.at(10);
  traffic.forward(10, 3ms);
  traffic.forward(2, 3ms, 502);
  traffic.refuse(3, "expired");
  traffic.at(61);
  traffic.forward(1, 3ms);
  traffic.at(62);
  const auto minutes = traffic.history.minutes();
  REQUIRE(minutes.size() == 2);
  CHECK(minutes[0].begins_at == start);
  CHECK(minutes[0].verdicts[0] == 12);
  CHECK(minutes[0].verdicts[1] == 3);
  CHECK(minutes[0].identified == 12);
  CHECK(minutes[0].upstream_failures == 2);
  CHECK(minutes[0].refusals[reason_index("expired")] == 3);
  CHECK(minutes[0].median == doctest::Approx(.00375));
  CHECK(minutes[1].begins_at == start + 60);
  CHECK(minutes[1].verdicts[0] == 1);
  CHECK(minutes[1].verdicts[1] == 0);
}

TEST_CASE("quantiles are interpolated within their buckets") {
  Traffic traffic;
  traffic.at(0);
  traffic.forward(90, 1ms);
  traffic.forward(10, 90ms);
  traffic.at(1);
  const Minute minute = traffic.history.minutes().back();
  CHECK(minute.median == doctest::Approx(.001 * 50 / 90));
  CHECK(minute.p95 == doctest::Approx(.075 + .025 * 5 / 10));
  traffic.forward(1000, 2min);
  traffic.at(2);
  CHECK(traffic.history.minutes().back().p95 == doctest::Approx(60));
}

TEST_CASE("an hour is kept, and minutes without a look are empty") {
  Traffic traffic;
  traffic.at(0);
  traffic.forward(1, 1ms);
  traffic.at(5 * 60);
  auto minutes = traffic.history.minutes();
  REQUIRE(minutes.size() == 6);
  for (std::size_t i = 0; i < minutes.size(); ++i) {
    CHECK(minutes[i].begins_at == start + 60 * static_cast<std::int64_t>(i));
    CHECK(minutes[i].verdicts[0] == (i == 0 ? 1 : 0));
  }
  for (int i = 6; i < 200; ++i) traffic.at(i * 60);
  CHECK(traffic.history.minutes().size() == History::most_minutes);
  traffic.at(1'000'000'000);
  minutes = traffic.history.minutes();
  CHECK(minutes.size() == History::most_minutes);
  CHECK(minutes.back().begins_at - minutes.front().begins_at == 59 * 60);
}

TEST_CASE("a clock that goes back spoils nothing") {
  Traffic traffic;
  traffic.at(600);
  traffic.forward(3, 1ms);
  traffic.at(0);
  CHECK(traffic.history.minutes().size() == 1);
  CHECK(traffic.history.minutes().back().verdicts[0] == 3);
  CHECK(traffic.history.rate() == 0);
}

TEST_CASE("the rate is that of the last ten seconds") {
  Traffic traffic;
  CHECK(traffic.history.rate() == 0);
  for (int second = 0; second <= 100; ++second) {
    traffic.forward(second < 50 ? 100 : 7, 1ms);
    traffic.at(second);
  }
  CHECK(traffic.history.rate() == doctest::Approx(7));
  CHECK(History().minutes().empty());
}
