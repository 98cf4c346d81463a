#include "observe/metrics/refusal_reasons.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>

using namespace postern::observe;

TEST_CASE("each reason is found under its name, and stands in the list once") {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < reason_count; ++i) {
    CAPTURE(refusal_reasons[i].name);
    CHECK(reason_index(refusal_reasons[i].name) == i);
    CHECK(names.insert(refusal_reasons[i].name).second);
  }
}

TEST_CASE("what is not in the list counts as other") {
  for (const std::string_view name : {"", "x", "Expired", "expired ", "bad signaturf", "ok"}) {
    CAPTURE(name);
    CHECK(reason_index(name) == other_reason);
  }
  CHECK(reason_index(std::string(100'000, 'a')) == other_reason);
}
