#include "observe/status/status.hpp"

#include <doctest/doctest.h>

using namespace postern::observe;

TEST_CASE("a status has the counts of all threads") {
  Metrics metrics;
  WorkerMetrics& worker = metrics.add_worker();
  History history;
  history.note(1'767'225'600, metrics.fold());
  CountedRequest request;
  request.status = 200;
  for (int i = 0; i < 20; ++i) worker.count(request);
  request.verdict = CountedVerdict::refuse;
  worker.count(request);
  worker.connection_opened(Side::client, ConnectionState::idle);
  worker.connection_opened(Side::client, ConnectionState::tunnel);
  worker.connection_opened(Side::upstream, ConnectionState::active);
  history.note(1'767'225'603, metrics.fold());
  Status status;
  add_counts(status, metrics.fold(), history);
  CHECK(status.verdicts[index_of(CountedVerdict::forward)] == 20);
  CHECK(status.verdicts[index_of(CountedVerdict::refuse)] == 1);
  CHECK(status.in_flight == 1);
  CHECK(status.client_connections == 2);
  CHECK(status.rate == doctest::Approx(7));
  CHECK(status.minutes.size() == 1);
}
