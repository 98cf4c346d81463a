#include "config/values/timestamp.hpp"

#include <doctest/doctest.h>

using postern::config::parse_timestamp;
using postern::config::timestamp_to_string;

TEST_CASE("a time is read as RFC 3339 writes it") {
  struct Row {
    std::string_view text;
    std::int64_t seconds;
  };
  const Row rows[] = {{"1970-01-01T00:00:00Z", 0},
                      {"2027-01-31T00:00:00Z", 1801353600},
                      {"2027-01-31t00:00:00z", 1801353600},
                      {"2027-01-31T01:30:00+01:30", 1801353600},
                      {"2027-01-30T19:00:00-05:00", 1801353600},
                      {"2027-01-31T00:00:00.999Z", 1801353600},
                      {"2028-02-29T12:00:00Z", 1835438400},
                      {"2016-12-31T23:59:60Z", 1483228800}};
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(parse_timestamp(row.text) == row.seconds);
  }
  CHECK(timestamp_to_string(1801353600) == "2027-01-31T00:00:00Z");
  CHECK(timestamp_to_string(0) == "1970-01-01T00:00:00Z");
}

TEST_CASE("what is no time is none") {
  for (const char* text :
       {"", "2027-01-31", "2027-01-31T00:00:00", "2027-01-31 00:00:00Z", "2027-02-29T00:00:00Z",
        "2027-13-01T00:00:00Z", "2027-01-00T00:00:00Z", "2027-01-31T24:00:00Z", "2027-01-31T00:60:00Z",
        "2027-01-31T00:00:61Z", "2027-01-31T00:00:00.Z", "2027-01-31T00:00:00+1:00",
        "2027-01-31T00:00:00+24:00", "2027-01-31T00:00:00+01:60", "2027-01-31T00:00:00ZZ",
        "x027-01-31T00:00:00Z", "1801353600"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_timestamp(text));
  }
}
