#include "token/keyed_hash.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

#include "../hash_key.hpp"

using namespace postern::token;

TEST_CASE("the hash of a text depends on its bytes, its length and the key") {
  const KeyedHash hash(test_key(1));
  std::set<std::uint64_t> seen;
  std::size_t texts = 0;
  for (std::size_t size = 0; size < 400; ++size) {
    const std::string zeros(size, '\0');
    seen.insert(hash(zeros));
    ++texts;
    for (std::size_t at = 0; at < size; at += 7) {
      std::string other = zeros;
      other[at] = '\x01';
      seen.insert(hash(other));
      ++texts;
    }
    CHECK(hash(zeros) == KeyedHash(test_key(1))(std::string(zeros)));
    CHECK(hash(zeros) != KeyedHash(test_key(2))(zeros));
  }
  CHECK(seen.size() == texts);
}

TEST_CASE("names that differ little are spread over all values") {
  const KeyedHash hash(test_key(3));
  std::vector<int> counts(64);
  for (int i = 0; i < 64'000; ++i) ++counts[hash("user-" + std::to_string(i)) >> 58];
  for (const int count : counts) {
    CHECK(count > 700);
    CHECK(count < 1300);
  }
}

TEST_CASE("names that count up fill a table evenly, whatever the key") {
  constexpr int names = 10'000;
  constexpr std::size_t sets = 4096;
  constexpr int ways = 8;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const KeyedHash hash(test_key(seed));
    std::vector<int> low(sets);
    std::vector<int> high(sets);
    int kept = 0;
    for (int i = 0; i < names; ++i) {
      const std::uint64_t hashed = hash("user-" + std::to_string(i));
      kept += ++low[hashed % sets] <= ways ? 1 : 0;
      kept += ++high[hashed >> 52U] <= ways ? 1 : 0;
    }
    CAPTURE(seed);
    CHECK(kept > 2 * names - 100);
  }
}
