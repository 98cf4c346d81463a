#include "relay/http_date.hpp"

#include <doctest/doctest.h>

using postern::relay::HttpDate;

TEST_CASE("a date is written as RFC 9110 5.6.7 says, and anew for each second") {
  HttpDate date;
  CHECK(date.at(784'111'777) == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(date.at(784'111'777) == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(date.at(784'111'778) == "Sun, 06 Nov 1994 08:49:38 GMT");
  CHECK(date.at(0) == "Thu, 01 Jan 1970 00:00:00 GMT");
  CHECK(date.at(1'709'164'800) == "Thu, 29 Feb 2024 00:00:00 GMT");
}
