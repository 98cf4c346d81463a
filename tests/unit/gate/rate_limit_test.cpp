#include "gate/rate_limit.hpp"

#include <doctest/doctest.h>

#include <string>
#include <thread>
#include <vector>

#include "../hash_key.hpp"

using namespace postern::gate;
using namespace std::chrono_literals;
using std::chrono::nanoseconds;

namespace {

Rate rate(std::uint32_t count, std::chrono::milliseconds period, std::uint32_t burst) {
  return {count, period, burst};
}

// How many of `tries` are allowed, one every `pause` from `start` on.
int allowed(RateLimit& limit, std::uint64_t who, nanoseconds start, nanoseconds pause, int tries) {
  int count = 0;
  for (int i = 0; i < tries; ++i) count += limit.take(who, start + i * pause).allowed ? 1 : 0;
  return count;
}

}  // namespace

TEST_CASE("a bucket allows its burst at once and its rate from then on") {
  struct Row {
    Rate rate;
    nanoseconds pause;
    int tries;
    int least;
    int most;
    std::string_view why;
  };
  const Row rows[] = {
      {rate(50, 1s, 100), 0ns, 500, 100, 100, "all at once: the burst"},
      {rate(50, 1s, 100), 1ms, 10'000, 598, 602, "ten seconds: burst and 50 a second"},
      {rate(50, 1s, 100), 20ms, 1000, 1000, 1000, "at its rate nobody is refused"},
      {rate(50, 1s, 1), 25ms, 400, 399, 400, "slower than the rate, without a burst"},
      {rate(3, 1s, 1), 1ms, 10'000, 29, 31, "a rate that divides no second"},
      {rate(5, 1min, 2), 1s, 600, 50, 53, "5 a minute for ten minutes"},
      {rate(1, 1h, 1), 1min, 180, 3, 3, "1 an hour for three hours"},
      {rate(1'000'000, 1s, 1'000'000), 0ns, 1'100'000, 1'000'000, 1'000'000, "the largest rate"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    for (const nanoseconds start : {nanoseconds(0), nanoseconds(1s), nanoseconds(24h * 400)}) {
      RateLimit limit(row.rate);
      const int count = allowed(limit, 42, start, row.pause, row.tries);
      CHECK(count >= row.least);
      CHECK(count <= row.most);
    }
  }
}

TEST_CASE("who is refused hears how long to wait, and is allowed then") {
  RateLimit limit(rate(2, 1min, 3));
  nanoseconds now = 5s;
  for (int i = 0; i < 3; ++i) CHECK(limit.take(7, now).allowed);
  const RateOutcome refused = limit.take(7, now);
  CHECK_FALSE(refused.allowed);
  CHECK(refused.retry_after == 30);
  CHECK_FALSE(limit.look(7, now + 29s).allowed);
  CHECK(limit.look(7, now + 29s).retry_after == 1);
  CHECK(limit.look(7, now + 30s).allowed);
  CHECK(limit.take(7, now + 30s).allowed);
  CHECK_FALSE(limit.take(7, now + 30s).allowed);
}

TEST_CASE("a look takes nothing, and a refusal makes nobody wait longer") {
  RateLimit limit(rate(1, 1s, 2));
  for (int i = 0; i < 100; ++i) CHECK(limit.look(1, 1s).allowed);
  CHECK(allowed(limit, 1, 1s, 0ns, 1000) == 2);
  CHECK(limit.take(1, 2s).allowed);
}

TEST_CASE("each name has a bucket of its own") {
  RateLimit limit(rate(1, 1s, 1));
  const postern::token::KeyedHash hash(test_key(1));
  for (int i = 0; i < 1000; ++i) CHECK(limit.take(hash("user " + std::to_string(i)), 1s).allowed);
  for (int i = 0; i < 1000; ++i) CHECK_FALSE(limit.take(hash("user " + std::to_string(i)), 1s).allowed);
}

TEST_CASE("a full set forgets the bucket that was quiet longest, never the busiest") {
  RateLimit limit(rate(1, 1min, 1));
  // The same upper bits, hence the same set; the tags, which are odd, differ.
  const auto hash = [](std::uint64_t number) { return 2 * number + 1; };
  for (std::uint64_t name = 0; name < RateLimit::ways; ++name) {
    CHECK(limit.take(hash(name), 1s * name).allowed);
  }
  CHECK(limit.take(hash(100), 20s).allowed);
  for (std::uint64_t name = 1; name < RateLimit::ways; ++name)
    CHECK_FALSE(limit.look(hash(name), 21s).allowed);
  CHECK_FALSE(limit.look(hash(100), 21s).allowed);
  CHECK(limit.look(hash(0), 21s).allowed);
}

TEST_CASE("many names cost a name that is being limited nothing but its own set") {
  RateLimit limit(rate(1, 1h, 1));
  const postern::token::KeyedHash hash(test_key(9));
  CHECK(limit.take(hash("noisy"), 1s).allowed);
  for (int i = 0; i < 40'000; ++i) limit.take(hash(std::to_string(i)), 2s);
  CHECK_FALSE(limit.take(hash("noisy"), 3s).allowed);
}

TEST_CASE("threads share a bucket exactly") {
  RateLimit limit(rate(1, 1h, 1000));
  std::vector<std::thread> threads;
  std::array<int, 2> counts{};
  for (int& count : counts) threads.emplace_back([&] { count = allowed(limit, 5, 1s, 0ns, 20'000); });
  for (std::thread& thread : threads) thread.join();
  CHECK(counts[0] + counts[1] == 1000);
}

TEST_CASE("an address counts as one client: an IPv4 address whole, of IPv6 the /64") {
  struct Row {
    std::string_view one;
    std::string_view other;
    bool same;
  };
  const Row rows[] = {
      {"192.0.2.1", "192.0.2.1", true},
      {"192.0.2.1", "192.0.2.2", false},
      {"192.0.2.1", "::ffff:192.0.2.1", true},
      {"2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff", true},
      {"2001:db8::1", "2001:db8:0:1::1", false},
      {"fe80::1%eth0", "fe80::2", true},
      {"::1", "127.0.0.1", false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.one);
    const auto one = parse_address(row.one);
    const auto other = parse_address(row.other);
    REQUIRE(one);
    REQUIRE(other);
    CHECK((rate_key_of_address(*one) == rate_key_of_address(*other)) == row.same);
  }
}

TEST_CASE("what is no address has no bucket") {
  for (const std::string_view text :
       {"", "unix", "localhost", "1.2.3", "1.2.3.4.5", "1.2.3.4:80", "[::1]", "::g", "1.2.3.4\n",
        "0000000000000000000000000000000000000000000000000000001"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_address(text));
  }
}
