#pragma once
// Keys for tests: as random as they need be, and the same each time.

#include <random>

#include "token/keyed_hash.hpp"

inline postern::token::KeyedHash::Key test_key(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  postern::token::KeyedHash::Key key;
  for (std::uint64_t& word : key) word = random();
  return key;
}
