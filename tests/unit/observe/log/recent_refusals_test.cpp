#include "observe/log/recent_refusals.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace postern::observe;

TEST_CASE("the last fifty refusals are kept, newest first") {
  RecentRefusals refusals;
  CHECK(refusals.newest_first().empty());
  for (int i = 0; i < 120; ++i) {
    const std::string id = std::string("r").append(std::to_string(i));
    AccessRecord record;
    record.unix_microseconds = i;
    record.request_id = id;
    record.method = "GET";
    record.rule = "/api/{user_id}/**";
    record.reason = "expired";
    record.status = 401;
    refusals.add(record);
  }
  const auto kept = refusals.newest_first();
  REQUIRE(kept.size() == RecentRefusals::most);
  CHECK(kept.front().request_id == "r119");
  CHECK(kept.front().reason == "expired");
  CHECK(kept.front().status == 401);
  CHECK(kept.back().request_id == "r70");
}

TEST_CASE("a long text is cut") {
  RecentRefusals refusals;
  const std::string method(5000, 'x');
  AccessRecord record;
  record.method = method;
  refusals.add(record);
  CHECK(refusals.newest_first().front().method.size() == RecentRefusals::longest_text);
}
