#include "token/uid.hpp"

#include <doctest/doctest.h>

#include <string>

using postern::token::Uid;

TEST_CASE("a uid is 1 to 128 visible ASCII characters") {
  CHECK_FALSE(Uid::from(""));
  CHECK_FALSE(Uid::from(std::string(129, 'x')));
  CHECK(Uid::from(std::string(128, 'x'))->view() == std::string(128, 'x'));
  CHECK(Uid::from("KsE2mLZP0QvYtWbN4aXcR8uHjFgTdM1o")->view() == "KsE2mLZP0QvYtWbN4aXcR8uHjFgTdM1o");
}

TEST_CASE("every other byte is refused, first, inside and last") {
  for (unsigned c = 0; c < 256; ++c) {
    const std::string byte(1, static_cast<char>(c));
    const bool visible = c >= 0x21 && c <= 0x7E;
    CAPTURE(c);
    CHECK(Uid::from(byte).has_value() == visible);
    CHECK(Uid::from(byte + "lice").has_value() == visible);
    CHECK(Uid::from("al" + byte + "ce").has_value() == visible);
    CHECK(Uid::from("alic" + byte).has_value() == visible);
  }
}

TEST_CASE("a uid nobody has set is empty") {
  CHECK(Uid().empty());
  CHECK(Uid().view().empty());
  CHECK_FALSE(Uid::from("a")->empty());
}
