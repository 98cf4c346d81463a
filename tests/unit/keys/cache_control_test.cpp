#include "keys/cache_control.hpp"

#include <doctest/doctest.h>

using postern::keys::max_age_of;
using std::chrono::seconds;

TEST_CASE("max-age is read out of a list of directives") {
  struct Row {
    const char* field;
    std::optional<seconds> expected;
  };
  const Row rows[] = {
      {"", std::nullopt},
      {"no-cache", std::nullopt},
      {"public", std::nullopt},
      {"max-age=60", seconds(60)},
      {"public, max-age=15, stale-while-revalidate=15", seconds(15)},
      {"Max-Age=60", seconds(60)},
      {"max-age=\"60\"", seconds(60)},
      {" max-age=60 ", seconds(60)},
      {"max-age=60,max-age=30", seconds(30)},
      {"max-age=30, max-age=60", seconds(30)},
      {"s-maxage=60", std::nullopt},
      {"max-age", std::nullopt},
      {"max-age=", std::nullopt},
      {"max-age=-1", std::nullopt},
      {"max-age=6x", std::nullopt},
      {"max-age=1.5", std::nullopt},
      {"max-age= 60", std::nullopt},
      {"max-age=0", seconds(0)},
      {"max-age=99999999999999999999999999", seconds(315'360'000)},
      {",,max-age=7,,", seconds(7)},
  };
  for (const Row& row : rows) {
    CAPTURE(row.field);
    CHECK(max_age_of(row.field) == row.expected);
  }
}
