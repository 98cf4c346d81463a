#include "token/verified_tokens.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <string>

using namespace postern::token;

namespace {

Verification passed(std::string_view uid, std::int64_t expires_at) {
  Verification verification;
  verification.uid = *Uid::from(uid);
  verification.uid_hash = uid.size();
  verification.expires_at = expires_at;
  return verification;
}

// The cache with outcomes by value.
struct Cache : VerifiedTokens {
  using VerifiedTokens::VerifiedTokens;

  std::optional<Verification> find(std::string_view token, std::int64_t now, std::int64_t leeway) {
    Verification verification;
    if (!VerifiedTokens::find(token, now, leeway, verification, last)) return std::nullopt;
    return verification;
  }
  void insert(std::string_view token, const Verification& verification, std::int64_t now, KeyNumber key = 1) {
    VerifiedTokens::insert(token, verification, {{}, key, 0}, now);
  }

  KnownToken last;
};

// As long as `size` says, and another for each number.
std::string numbered(std::size_t number, std::size_t size = 64) {
  std::string token = std::to_string(number);
  return std::string(size - token.size(), 'x') + token;
}

}  // namespace

TEST_CASE("a verified token is found again, and no other") {
  Cache tokens;
  const std::string token = numbered(1);
  CHECK(tokens.find(token, 100, 0) == std::nullopt);
  tokens.insert(token, passed("alice", 200), 100);
  const auto found = tokens.find(std::string(token), 100, 0);
  REQUIRE(found.has_value());
  CHECK(found->uid.view() == "alice");
  CHECK(found->uid_hash == 5);
  CHECK(found->expires_at == 200);
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string other = token;
    other[i] ^= 1;
    CHECK(tokens.find(other, 100, 0) == std::nullopt);
  }
  CHECK(tokens.find(token + "x", 100, 0) == std::nullopt);
  CHECK(tokens.find(token.substr(1), 100, 0) == std::nullopt);
  CHECK(tokens.find("", 100, 0) == std::nullopt);
}

TEST_CASE("each byte of a token counts, however long it is") {
  for (std::size_t size = 1; size <= 40; ++size) {
    CAPTURE(size);
    Cache tokens;
    const std::string token(size, 'x');
    tokens.insert(token, passed("alice", 200), 100);
    CHECK(tokens.find(token, 100, 0) != std::nullopt);
    for (std::size_t i = 0; i < size; ++i) {
      std::string other = token;
      other[i] ^= 1;
      CHECK(tokens.find(other, 100, 0) == std::nullopt);
    }
    CHECK(tokens.find(token + "x", 100, 0) == std::nullopt);
    CHECK(tokens.find(token.substr(1), 100, 0) == std::nullopt);
  }
}

TEST_CASE("a kept token is good until its expiry to the second, and not before it was verified") {
  Cache tokens;
  tokens.insert("token", passed("alice", 200), 100);
  struct Row {
    std::int64_t now, leeway;
    bool good;
  };
  for (const auto& [now, leeway, good] :
       {Row{100, 0, true}, Row{99, 0, false}, Row{199, 0, true}, Row{200, 0, false}, Row{229, 30, true},
        Row{230, 30, false}, Row{-100, 30, false}}) {
    CAPTURE(now);
    CHECK((tokens.find("token", now, leeway) != std::nullopt) == good);
  }
}

TEST_CASE("verified again, the newer outcome counts") {
  Cache tokens;
  tokens.insert("token", passed("alice", 200), 100);
  tokens.insert("token", passed("alice", 200), 50);
  CHECK(tokens.find("token", 60, 0) != std::nullopt);
}

TEST_CASE("more tokens than there is room for displace each other, and none is taken for another") {
  Cache tokens;
  const std::size_t many = 3 * tokens.room();
  for (std::size_t i = 0; i < many; ++i) tokens.insert(numbered(i), passed(std::to_string(i), 200), 100);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < many; ++i) {
    const auto found = tokens.find(numbered(i), 100, 0);
    if (!found) continue;
    ++kept;
    CHECK(found->uid.view() == std::to_string(i));
  }
  CHECK(kept <= tokens.room());
  CHECK(kept > tokens.room() / 2);
}

TEST_CASE("ten thousand tokens are all kept, or nearly") {
  Cache tokens;
  for (std::size_t i = 0; i < 10000; ++i) tokens.insert(numbered(i), passed("alice", 200), 100);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < 10000; ++i) kept += tokens.find(numbered(i), 100, 0) != std::nullopt ? 1 : 0;
  CHECK(kept > 9900);
}

TEST_CASE("long tokens are not kept, and not more bytes than the bound") {
  Cache tokens;
  tokens.insert(numbered(1, VerifiedTokens::max_token + 1), passed("alice", 200), 100);
  CHECK(tokens.find(numbered(1, VerifiedTokens::max_token + 1), 100, 0) == std::nullopt);
  constexpr std::size_t fitting = VerifiedTokens::default_bytes / VerifiedTokens::max_token;
  for (std::size_t i = 0; i < 2 * fitting; ++i) {
    tokens.insert(numbered(i, VerifiedTokens::max_token), passed("alice", 200), 100);
    CHECK(tokens.find(numbered(i, VerifiedTokens::max_token), 100, 0) != std::nullopt);
  }
  std::size_t long_ones = 0;
  for (std::size_t i = 0; i < 2 * fitting; ++i) {
    long_ones += tokens.find(numbered(i, VerifiedTokens::max_token), 100, 0) != std::nullopt ? 1 : 0;
  }
  CHECK(long_ones < fitting);
  CHECK(long_ones > fitting / 2);
  // What made room is counted no more: of three small ones the bound takes one at most.
  for (std::size_t i = 0; i < 3; ++i) tokens.insert(numbered(i), passed("alice", 200), 100);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < 3; ++i) kept += tokens.find(numbered(i), 100, 0) != std::nullopt ? 1 : 0;
  CHECK(kept >= 2);
}

TEST_CASE("which tokens displace each other differs from one instance to the next") {
  Cache one, another;
  const std::size_t many = 2 * one.room();
  for (std::size_t i = 0; i < many; ++i) {
    one.insert(numbered(i), passed("alice", 200), 100);
    another.insert(numbered(i), passed("alice", 200), 100);
  }
  std::size_t different = 0;
  for (std::size_t i = 0; i < many; ++i) {
    const bool in_one = one.find(numbered(i), 100, 0) != std::nullopt;
    different += in_one != (another.find(numbered(i), 100, 0) != std::nullopt) ? 1 : 0;
  }
  CHECK(different > 0);
}

TEST_CASE("tokens that have expired make room first") {
  Cache tokens;
  const std::size_t room = tokens.room();
  const std::size_t first = 4 * room;
  for (std::size_t i = 0; i < first; ++i) tokens.insert(numbered(i), passed("alice", 150), 100);
  // Several to a set: they would displace each other if the expired ones did not go first.
  for (std::size_t i = first; i < first + 10000; ++i) tokens.insert(numbered(i), passed("alice", 1000), 200);
  std::size_t kept = 0;
  for (std::size_t i = first; i < first + 10000; ++i) {
    kept += tokens.find(numbered(i), 200, 0) != std::nullopt ? 1 : 0;
  }
  CHECK(kept > 9900);
}
