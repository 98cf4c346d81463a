#include "http/request_id.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

using namespace postern::http;

TEST_CASE("a request id is kept only when it is safe in a log line and a header") {
  struct {
    std::string id;
    bool sane;
    const char* why;
  } const cases[] = {
      {"r", true, "shortest"},
      {std::string(128, 'a'), true, "longest"},
      {"0Az9-b_c.d:e", true, "the whole alphabet"},
      {"", false, "empty"},
      {std::string(129, 'a'), false, "too long"},
      {"a b", false, "space"},
      {"a,b", false, "a list"},
      {"a\"b", false, "quote"},
      {"a\\b", false, "backslash"},
      {"a/b", false, "the byte before 0"},
      {"a;b", false, "the byte after :"},
      {"a@b", false, "the byte before A"},
      {"a[b", false, "the byte after Z"},
      {"a`b", false, "the byte before a"},
      {"a{b", false, "the byte after z"},
      {"a\r\nb", false, "line ending"},
      {std::string("a\0b", 3), false, "NUL"},
      {"\xC3\xA9", false, "not ASCII"},
  };
  for (const auto& test : cases) {
    CAPTURE(test.why);
    CHECK(sane_request_id(test.id) == test.sane);
  }
}

TEST_CASE("of single bytes only letters, digits and four marks are sane in a request id") {
  const std::string_view allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-";
  for (int code = 0; code < 256; ++code) {
    CAPTURE(code);
    const char byte = static_cast<char>(code);
    CHECK(sane_request_id({&byte, 1}) == (allowed.find(byte) != allowed.npos));
  }
}
