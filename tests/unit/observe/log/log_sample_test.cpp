#include "observe/log/log_sample.hpp"

#include <doctest/doctest.h>

#include <string_view>

using namespace postern::observe;

namespace {

AccessRecord answered(unsigned status, std::string_view verdict = "forward", Level level = Level::info) {
  AccessRecord record;
  record.status = status;
  record.verdict = verdict;
  record.level = level;
  return record;
}

int taken(double share, int requests) {
  LogSample sample(share);
  int count = 0;
  for (int i = 0; i < requests; ++i) {
    AccessRecord record = answered(200);
    count += sample.takes(record) ? 1 : 0;
  }
  return count;
}

}  // namespace

TEST_CASE("a share of the requests that went well is logged") {
  CHECK(taken(1, 1000) == 1000);
  CHECK(taken(0, 1000) == 0);
  CHECK(taken(0.5, 1000) == 500);
  CHECK(taken(0.1, 1) == 1);
  for (const double share : {0.001, 0.1, 0.3, 1.0 / 3, 0.999}) {
    CAPTURE(share);
    const int expected = static_cast<int>(share * 100'000);
    CHECK(taken(share, 100'000) >= expected - 1);
    CHECK(taken(share, 100'000) <= expected + 1);
  }
}

TEST_CASE("what did not go well is always logged, and stands for itself alone") {
  LogSample sample(0);
  for (AccessRecord record :
       {answered(401, "refuse"), answered(304), answered(101), answered(500), answered(0),
        answered(200, "override"), answered(200, "shadow"), answered(200, "forward", Level::warn)}) {
    CAPTURE(record.status);
    CHECK(sample.takes(record));
    CHECK(record.sampled == 1);
  }
}

TEST_CASE("a record that stands for others says for how many") {
  LogSample sample(0.25);
  AccessRecord record = answered(204);
  REQUIRE(sample.takes(record));
  CHECK(record.sampled == 0.25F);
  LogSample all(1);
  record = answered(204);
  REQUIRE(all.takes(record));
  CHECK(record.sampled == 1);
}
