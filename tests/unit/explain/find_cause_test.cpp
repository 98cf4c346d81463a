#include "explain/find_cause.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <string>

using postern::explain::distance;

// The causes themselves are tabulated where a whole set-up is at hand: tests/unit/command/explain_test.cpp.
TEST_CASE("how far a moment is away is told in words, whatever it is") {
  constexpr std::int64_t now = 1'767'225'600;
  constexpr std::int64_t longest = std::numeric_limits<std::int64_t>::max();
  CHECK(distance(now - 180, now) == "3 minutes ago");
  CHECK(distance(now + 720, now) == "in 12 minutes");
  CHECK(distance(now - 1, now) == "1 second ago");
  CHECK(distance(now - 86'400 * 3, now) == "3 days ago");
  // Neither overflows.
  CHECK(distance(longest, -longest) == "in ages");
  CHECK(distance(-longest, longest) == "ages ago");
}
