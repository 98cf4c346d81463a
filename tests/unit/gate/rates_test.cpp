#include "gate/rates.hpp"

#include <doctest/doctest.h>

#include "../hash_key.hpp"

using namespace postern::gate;
using namespace std::chrono_literals;

namespace {

const postern::token::KeyedHash hash(test_key(1));
const Rates::Address one = *parse_address("192.0.2.1");
const Rates::Address other = *parse_address("192.0.2.2");

}  // namespace

TEST_CASE("an address that failed too often is not looked at, but for tokens that were verified before") {
  Rates rates(hash, std::nullopt, Rate{1, 1000ms, 3});
  rates.note_verified("a good token");
  for (int i = 0; i < 3; ++i) {
    CHECK(rates.look_at(one, "a guess", 0s).allowed);
    rates.note_failure(one, 0s);
  }
  const RateOutcome refused = rates.look_at(one, "a guess", 0s);
  CHECK_FALSE(refused.allowed);
  CHECK(refused.retry_after == 1);
  CHECK(rates.look_at(one, "a good token", 0s).allowed);
  CHECK(rates.look_at(other, "a guess", 0s).allowed);
  CHECK(rates.look_at(one, "a guess", 1s).allowed);
}

TEST_CASE("addresses of one /64 are one client") {
  Rates rates(hash, std::nullopt, Rate{1, 1000ms, 1});
  rates.note_failure(*parse_address("2001:db8::1"), 0s);
  CHECK_FALSE(rates.look_at(*parse_address("2001:db8::ffff:1"), "a guess", 0s).allowed);
  CHECK(rates.look_at(*parse_address("2001:db8:0:1::1"), "a guess", 0s).allowed);
}

TEST_CASE("a user has a rate of their own") {
  Rates rates(hash, Rate{50, 1000ms, 100}, std::nullopt);
  for (int i = 0; i < 100; ++i) CHECK(rates.take(hash("alice"), 0s).allowed);
  CHECK_FALSE(rates.take(hash("alice"), 0s).allowed);
  CHECK(rates.take(hash("bob"), 0s).allowed);
  CHECK(rates.take(hash("alice"), 20ms).allowed);
}

TEST_CASE("a 429 says how much a full bucket allows and how long it takes to fill") {
  CHECK(Rates(hash, Rate{50, 1000ms, 100}, std::nullopt).user_fields().window == 2);
  CHECK(Rates(hash, Rate{50, 1000ms, 100}, std::nullopt).user_fields().quota == 100);
  CHECK(Rates(hash, Rate{3, 60'000ms, 1}, std::nullopt).user_fields().window == 20);
  CHECK(Rates(hash, Rate{1000, 1000ms, 1}, std::nullopt).user_fields().window == 1);
}

TEST_CASE("rates that are off refuse nobody") {
  Rates rates(hash, std::nullopt, std::nullopt);
  CHECK_FALSE(rates.limits_failures());
  for (int i = 0; i < 1000; ++i) {
    rates.note_failure(one, 0s);
    CHECK(rates.take(hash("alice"), 0s).allowed);
  }
  CHECK(rates.look_at(one, "a guess", 0s).allowed);
}
