#include "gate/seen_tokens.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <thread>

#include "../hash_key.hpp"

using namespace postern::gate;

TEST_CASE("a token that was noted is known, and no other") {
  SeenTokens seen;
  const postern::token::KeyedHash hash(test_key(1));
  for (int i = 0; i < 10'000; ++i) seen.note(hash("token " + std::to_string(i)));
  int known = 0;
  for (int i = 0; i < 10'000; ++i) known += seen.contains(hash("token " + std::to_string(i))) ? 1 : 0;
  CHECK(known == 10'000);
  for (int i = 0; i < 10'000; ++i) CHECK_FALSE(seen.contains(hash("other " + std::to_string(i))));
}

TEST_CASE("the oldest of a set makes room, and noting one twice costs nobody a place") {
  SeenTokens seen;
  const auto of_one_set = [](std::uint64_t number) { return number * SeenTokens::sets; };
  for (std::uint64_t i = 1; i <= SeenTokens::ways; ++i) seen.note(of_one_set(i));
  for (int again = 0; again < 100; ++again) seen.note(of_one_set(3));
  for (std::uint64_t i = 1; i <= SeenTokens::ways; ++i) CHECK(seen.contains(of_one_set(i)));
  seen.note(of_one_set(99));
  CHECK(seen.contains(of_one_set(99)));
  CHECK_FALSE(seen.contains(of_one_set(1)));
  CHECK(seen.contains(of_one_set(2)));
}

TEST_CASE("the hash 0 is a hash like any other") {
  SeenTokens seen;
  CHECK_FALSE(seen.contains(0));
  seen.note(0);
  CHECK(seen.contains(0));
}

TEST_CASE("threads note and look at once") {
  SeenTokens seen;
  std::thread other([&] {
    for (std::uint64_t i = 0; i < 20'000; ++i) seen.note(i * 7919);
  });
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    seen.note(i * 104'729);
    static_cast<void>(seen.contains(i * 7919));
  }
  other.join();
  CHECK(seen.contains(19'999 * std::uint64_t{104'729}));
}
