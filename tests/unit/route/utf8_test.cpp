#include "route/utf8.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <string_view>

using postern::route::has_control_character;
using postern::route::valid_utf8;

TEST_CASE("only the shortest encoding of a Unicode scalar value is UTF-8") {
  struct Row {
    std::string_view text;
    bool valid;
    std::string_view why;
  };
  const Row rows[] = {
      {"", true, "nothing"},
      {"plain", true, "ASCII"},
      {std::string_view("\0", 1), true, "NUL is a scalar value"},
      {"\xC2\x80\xDF\xBF", true, "two bytes, first and last"},
      {"\xE0\xA0\x80\xEF\xBF\xBF", true, "three bytes, first and last"},
      {"\xED\x9F\xBF\xEE\x80\x80", true, "around the surrogates"},
      {"\xF0\x90\x80\x80\xF4\x8F\xBF\xBF", true, "four bytes, first and last"},
      {"\x80", false, "continuation first"},
      {"\xC0\x80", false, "overlong NUL"},
      {"\xC1\xBF", false, "overlong DEL"},
      {"\xE0\x9F\xBF", false, "overlong, three bytes"},
      {"\xF0\x8F\xBF\xBF", false, "overlong, four bytes"},
      {"\xED\xA0\x80", false, "first surrogate"},
      {"\xED\xBF\xBF", false, "last surrogate"},
      {"\xF4\x90\x80\x80", false, "U+110000"},
      {"\xF5\x80\x80\x80", false, "lead byte of nothing"},
      {"\xFE", false, "no lead byte"},
      {"\xFF", false, "no lead byte"},
      {"\xC3", false, "cut after one of two"},
      {"\xE2\x82", false, "cut after two of three"},
      {"\xF0\x9F\x98", false, "cut after three of four"},
      {"\xC3(", false, "second byte is ASCII"},
      {"\xE2\x82(", false, "third byte is ASCII"},
      {"\xE2\xC2\x80", false, "second byte leads"},
      {"\xF0\x9F\x98\xC0", false, "fourth byte leads"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(valid_utf8(row.text) == row.valid);
  }
}

TEST_CASE("bytes behind a text never complete a sequence that it cuts short") {
  constexpr std::string_view followed = "\xF0\x9F\x98\x80";
  CHECK(valid_utf8(followed));
  for (std::size_t size = 1; size < followed.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(valid_utf8(followed.substr(0, size)));
  }
}

TEST_CASE("C0, DEL and C1 are control characters and their neighbours are not") {
  struct Row {
    std::string_view text;
    bool control;
  };
  const Row rows[] = {
      {"", false},
      {std::string_view("a\0b", 3), true},
      {"\x1F", true},
      {" ", false},
      {"~", false},
      {"\x7F", true},
      {"\xC2\x80", true},
      {"a\xC2\x9F", true},
      {"\xC2\xA0", false},
      {"\xC3\x80", false},
      {"\xE0\xA0\x80", false},
      {"\xC2\xA0\xC2\x85", true},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(has_control_character(row.text) == row.control);
  }
}
