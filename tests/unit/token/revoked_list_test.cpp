#include "token/revoked_list.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace postern::token;

namespace {

RevokedList list_of(std::string text) {
  auto parsed = RevokedList::parse(std::move(text));
  REQUIRE(std::holds_alternative<RevokedList>(parsed));
  return std::get<RevokedList>(std::move(parsed));
}

Revocable issued(std::int64_t at) {
  Revocable token;
  token.issued_at = at;
  return token;
}

}  // namespace

TEST_CASE("a user's tokens are revoked by the time they were issued at") {
  const RevokedList list = list_of("sub alice before 1000\n");
  CHECK(list.size() == 1);
  CHECK(list.revokes("alice", issued(999)));
  CHECK_FALSE(list.revokes("alice", issued(1000)));
  CHECK_FALSE(list.revokes("alice", issued(1001)));
  CHECK(list.revokes("alice", issued(-5)));
  CHECK(list.revokes("alice", {}));  // without iat
  for (const std::string_view other : {"", "Alice", "alic", "alicee", "bob"})
    CHECK_FALSE(list.revokes(other, {}));
}

TEST_CASE("a user is the uid or the sub claim, and the latest line counts") {
  const RevokedList list = list_of("sub alice before 1000\nsub alice before 3000\nsub alice before 2000\n");
  Revocable token = issued(2999);
  CHECK(list.revokes("alice", token));
  token.sub = "alice";
  CHECK(list.revokes("another", token));
  token.issued_at = 3000;
  CHECK_FALSE(list.revokes("alice", token));
}

TEST_CASE("one token or one session can be revoked") {
  const RevokedList list = list_of("# theft of 3 May\njti one\n\nsid two\njti three\n");
  CHECK(list.size() == 3);
  Revocable token = issued(5000);
  CHECK_FALSE(list.revokes("alice", token));
  token.jti = "one";
  CHECK(list.revokes("alice", token));
  token.jti = "two";
  CHECK_FALSE(list.revokes("alice", token));
  token.sid = "two";
  CHECK(list.revokes("alice", token));
  token.sid = "three";
  CHECK_FALSE(list.revokes("alice", token));
  CHECK_FALSE(list.revokes("one", issued(1)));
}

TEST_CASE("one wrong line spoils the list") {
  const std::vector<std::string> wrong{"sub alice before 1000",
                                       "jti x",
                                       "#",
                                       "sub alice\n",
                                       "sub alice before\n",
                                       "sub alice before \n",
                                       "sub alice before x\n",
                                       "sub alice before -1\n",
                                       "sub alice before +1\n",
                                       "sub alice before 1.5\n",
                                       "sub alice before 1e9\n",
                                       "sub alice before 1000 \n",
                                       "sub alice before 1000\r\n",
                                       "sub alice before  1000\n",
                                       "sub  alice before 1000\n",
                                       "sub alice  before 1000\n",
                                       "sub alice after 1000\n",
                                       "sub al ice before 1000\n",
                                       "sub al\tice before 1000\n",
                                       "sub before 1000\n",
                                       "sub alice before 99999999999999999999\n",
                                       "sub al\xC3\xAD"
                                       "ce before 1000\n",
                                       "SUB alice before 1000\n",
                                       " sub alice before 1000\n",
                                       " # comment\n",
                                       "jti\n",
                                       "jti \n",
                                       "jti  x\n",
                                       "jti x \n",
                                       "jti x y\n",
                                       "sid\n",
                                       "uid alice before 1000\n",
                                       "alice\n",
                                       "jti x\nnonsense\nsid y\n",
                                       "jti x\n \n",
                                       std::string("jti x\0y\n", 8),
                                       "jti " + std::string(RevokedList::max_line, 'x') + "\n"};
  for (const std::string& text : wrong) {
    CAPTURE(text);
    const auto parsed = RevokedList::parse(text);
    REQUIRE(std::holds_alternative<std::string>(parsed));
    CHECK(std::get<std::string>(parsed).find("alice") == std::string::npos);
  }
  CHECK(std::get<std::string>(RevokedList::parse("jti x\nnonsense\n")).starts_with("line 2 "));
}

TEST_CASE("comments, empty lines and an empty file are in order") {
  CHECK(list_of("").size() == 0);
  CHECK(list_of("\n\n#\n# sub alice before 1\n#x\n").size() == 0);
  CHECK_FALSE(list_of("").revokes("", {}));
}

TEST_CASE("a million lines are read, and not one more") {
  std::string text;
  for (int i = 0; i < 1'000'000; ++i) text += "jti " + std::to_string(i) + '\n';
  const RevokedList list = list_of(text);
  CHECK(list.size() == 1'000'000);
  Revocable token;
  for (const std::string_view jti : {"0", "1", "999999", "500000"}) {
    token.jti = jti;
    CHECK(list.revokes("alice", token));
  }
  token.jti = "1000000";
  CHECK_FALSE(list.revokes("alice", token));
  CHECK(std::holds_alternative<std::string>(RevokedList::parse(text + "#\n")));
}
