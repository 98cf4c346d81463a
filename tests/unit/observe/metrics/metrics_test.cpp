#include "observe/metrics/metrics.hpp"

#include <doctest/doctest.h>

#include <thread>
#include <vector>

using namespace postern::observe;
using namespace std::chrono_literals;

namespace {

CountedRequest request(CountedVerdict verdict, unsigned status, std::chrono::nanoseconds total) {
  CountedRequest counted;
  counted.verdict = verdict;
  counted.status = status;
  counted.total = total;
  return counted;
}

}  // namespace

TEST_CASE("the threads' counts add up to the request") {
  Metrics metrics;
  WorkerMetrics& one = metrics.add_worker();
  WorkerMetrics& other = metrics.add_worker();
  one.count(request(CountedVerdict::forward, 200, 1ms));
  other.count(request(CountedVerdict::forward, 200, 1ms));
  other.count(request(CountedVerdict::refuse, 401, 1ms));
  other.count(request(CountedVerdict::forward, 0, 1ms));
  other.count(request(CountedVerdict::override_, 999, 1ms));
  const Totals totals = metrics.fold();
  CHECK(totals.requests(CountedVerdict::forward, 200) == 2);
  CHECK(totals.requests(CountedVerdict::forward, 0) == 1);
  CHECK(totals.requests(CountedVerdict::forward) == 3);
  CHECK(totals.requests(CountedVerdict::refuse, 401) == 1);
  CHECK(totals.requests(CountedVerdict::refuse, 403) == 0);
  CHECK(totals.requests(CountedVerdict::override_, 999) == 1);
  CHECK(totals.requests(CountedVerdict::shadow) == 0);
}

TEST_CASE("a status that is none counts as none") {
  for (const unsigned status : {0U, 1U, 99U, 1000U, 4'000'000'000U}) {
    Metrics metrics;
    metrics.add_worker().count(request(CountedVerdict::refuse, status, 0ns));
    CHECK(metrics.fold().requests(CountedVerdict::refuse, 0) == 1);
  }
}

TEST_CASE("a duration falls into the first bucket whose bound it does not exceed") {
  struct Row {
    std::chrono::nanoseconds duration;
    std::size_t bucket;
  };
  const Row rows[] = {{-5ns, 0},      {0ns, 0},   {1ms, 0},        {1ms + 1ns, 1}, {2500us, 1},
                      {2501us, 2},    {100ms, 7}, {101ms, 8},      {999ms, 11},    {1s, 11},
                      {1s + 1ns, 12}, {60s, 17},  {60s + 1ns, 18}, {24h * 365, 18}};
  for (const Row& row : rows) {
    CAPTURE(row.duration.count());
    Metrics metrics;
    metrics.add_worker().count(request(CountedVerdict::forward, 200, row.duration));
    const Totals totals = metrics.fold();
    CHECK(totals[cells::duration_of(CountedVerdict::forward) + row.bucket] == 1);
    CHECK(totals[cells::duration_of(CountedVerdict::forward) + request_bounds.size() + 1] ==
          static_cast<std::uint64_t>(std::max<std::int64_t>(0, row.duration.count())));
  }
  for (std::size_t i = 0; i < gate_bounds.size(); ++i) {
    Metrics metrics;
    CountedRequest counted;
    counted.gate = std::chrono::microseconds(gate_bounds_us[i]);
    metrics.add_worker().count(counted);
    CHECK(metrics.fold()[cells::gate_duration + i] == 1);
  }
}

TEST_CASE("the upstream's time is counted only where it was asked") {
  Metrics metrics;
  WorkerMetrics& worker = metrics.add_worker();
  worker.count(request(CountedVerdict::refuse, 401, 1ms));
  CountedRequest asked = request(CountedVerdict::forward, 200, 1ms);
  asked.upstream = 3ms;
  asked.identified = true;
  worker.count(asked);
  const Totals totals = metrics.fold();
  CHECK(totals[cells::upstream_duration + 2] == 1);
  CHECK(totals[cells::identified] == 1);
}

TEST_CASE("gauges go up and down, also across threads' blocks") {
  Metrics metrics;
  WorkerMetrics& worker = metrics.add_worker();
  for (int i = 0; i < 4; ++i) worker.connection_opened(Side::client, ConnectionState::idle);
  worker.connection_opened(Side::upstream, ConnectionState::active);
  worker.connection_changed(Side::client, ConnectionState::idle, ConnectionState::active);
  worker.connection_changed(Side::client, ConnectionState::active, ConnectionState::tunnel);
  worker.connection_changed(Side::client, ConnectionState::idle, ConnectionState::active);
  worker.connection_closed(Side::client, ConnectionState::idle);
  worker.set_token_cache_entries(7);
  WorkerMetrics& other = metrics.add_worker();
  other.set_token_cache_entries(5);
  other.connection_opened(Side::client, ConnectionState::active);
  const Totals totals = metrics.fold();
  CHECK(totals.in_flight() == 3);
  CHECK(totals.connections(Side::client, ConnectionState::idle) == 1);
  CHECK(totals.connections(Side::client, ConnectionState::active) == 2);
  CHECK(totals.connections(Side::client, ConnectionState::tunnel) == 1);
  CHECK(totals.connections(Side::upstream, ConnectionState::active) == 1);
  CHECK(totals.connections(Side::upstream, ConnectionState::idle) == 0);
  CHECK(totals[cells::token_cache_entries] == 12);
}

TEST_CASE("a refusal counts by its reason, in shadow mode apart") {
  Metrics metrics;
  WorkerMetrics& worker = metrics.add_worker();
  worker.count_refusal(CountedVerdict::refuse, "expired");
  worker.count_refusal(CountedVerdict::refuse, "what nobody knows");
  worker.count_refusal(CountedVerdict::shadow, "no rule");
  const Totals totals = metrics.fold();
  CHECK(totals[cells::refusals + reason_index("expired")] == 1);
  CHECK(totals[cells::refusals + other_reason] == 1);
  CHECK(totals[cells::refusals + reason_index("no rule")] == 0);
  CHECK(totals[cells::shadow_refusals + reason_index("no rule")] == 1);
}

TEST_CASE("the rest counts under the names of its labels") {
  Metrics metrics;
  WorkerMetrics& worker = metrics.add_worker();
  worker.count_pool(true);
  worker.count_pool(false);
  worker.count_pool(false);
  worker.count_token_cache(true);
  worker.count_upstream_opened(false);
  worker.count_stream_end(StreamEnd::drained);
  const Totals totals = metrics.fold();
  CHECK(totals[cells::pool] == 1);
  CHECK(totals[cells::pool + 1] == 2);
  CHECK(totals[cells::token_cache] == 1);
  CHECK(totals[cells::upstream_opened + 1] == 1);
  CHECK(totals[cells::stream_ends + index_of(StreamEnd::drained)] == 1);
}

TEST_CASE("two threads' blocks share no cache line") {
  CHECK(alignof(WorkerMetrics) == 64);
  CHECK(sizeof(WorkerMetrics) % 64 == 0);
}

TEST_CASE("counts are read while they are written") {
  Metrics metrics;
  constexpr int each = 50'000;
  std::vector<WorkerMetrics*> workers = {&metrics.add_worker(), &metrics.add_worker()};
  std::vector<std::thread> threads;
  for (WorkerMetrics* worker : workers) {
    threads.emplace_back([worker] {
      for (int i = 0; i < each; ++i) worker->count(request(CountedVerdict::forward, 200, 1ms));
    });
  }
  std::uint64_t seen = 0;
  for (int i = 0; i < 100; ++i) {
    const std::uint64_t now = metrics.fold().requests(CountedVerdict::forward, 200);
    CHECK(now >= seen);
    seen = now;
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(metrics.fold().requests(CountedVerdict::forward, 200) == 2 * each);
}

TEST_CASE("a key counts as missing only where a fetch said so") {
  struct Case {
    bool lacks_key;
    bool fetched;
    UnknownKid outcome;
  };
  for (const Case& given :
       {Case{false, false, UnknownKid::found}, Case{false, true, UnknownKid::found},
        Case{true, true, UnknownKid::missing}, Case{true, false, UnknownKid::unavailable}}) {
    CHECK(unknown_kid_of(given.lacks_key, given.fetched) == given.outcome);
  }
}
