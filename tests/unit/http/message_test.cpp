#include "http/message.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

namespace {

using namespace postern::http;
using namespace std::string_literals;

bool is_letter_pair(char a, char b) {
  return (a >= 'A' && a <= 'Z' && b == a + ('a' - 'A')) || (b >= 'A' && b <= 'Z' && a == b + ('a' - 'A'));
}

// Calls `check` with every pair of bytes.
template <typename Check>
void for_each_pair(Check check) {
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) check(static_cast<char>(a), static_cast<char>(b));
  }
}

}  // namespace

TEST_CASE("names are compared without regard to case, or to '_' for '-' as well when folded") {
  struct {
    std::string a;
    std::string b;
    bool same_ignoring_case;
    bool same_when_folded;
    std::string_view why;
  } const cases[] = {
      {"", "", true, true, "both empty"},
      {"", "a", false, false, "one empty"},
      {"X-User-Id", "X-User-Id", true, true, "the same bytes"},
      {"X-User-Id", "x-uSER-iD", true, true, "another case"},
      {"X-User-Id", "X_User_Id", false, true, "underscores"},
      {"X-User-Id", "x_user-ID", false, true, "a mixture"},
      {"X_User_Id", "X-User-Id", false, true, "the other way round"},
      {"X--Id", "X__Id", false, true, "each of them"},
      {"X-Id", "X--Id", false, false, "one for one, never one for two"},
      {"X-Id", "XId", false, false, "a dash is not nothing"},
      {"X-Id", "X Id", false, false, "nor a space"},
      {"X-Id", "X.Id", false, false, "nor a dot"},
      {"X-User-Id", "X-User-I", false, false, "a prefix"},
      {"X-User-Id", "X-User-Id ", false, false, "a space behind it"},
      {"X-User-Id", "X-User-Ie", false, false, "only the last byte differs"},
      {"X-User-Id", "Y-User-Id", false, false, "only the first byte differs"},
      {"a\0b"s, "A\0B"s, true, true, "NUL ends nothing"},
      {"a\0b"s, "a\0c"s, false, false, "what is behind a NUL counts"},
      {"\xC3\xA9", "\xC3\x89", false, false, "e and E acute in UTF-8"},
      {"\xE9", "\xC9", false, false, "e and E acute in Latin-1"},
      {"K", "\xE2\x84\xAA", false, false, "the Kelvin sign, which Unicode folds to k"},
      {"s", "\xC5\xBF", false, false, "the long s, which Unicode folds to s"},
      {"i", "\xC4\xB1", false, false, "the dotless i"},
      {"-", "\xE2\x80\x90", false, false, "the Unicode hyphen"},
      {"\xC1", "A", false, false, "A with the top bit"},
      {"a\xFF", "A\xFF", true, true, "a byte over 0x7F equals itself"},
  };
  for (const auto& test : cases) {
    CAPTURE(test.why);
    CHECK(equal_ignoring_case(test.a, test.b) == test.same_ignoring_case);
    CHECK(equal_ignoring_case(test.b, test.a) == test.same_ignoring_case);
    CHECK(equal_when_folded(test.a, test.b) == test.same_when_folded);
    CHECK(equal_when_folded(test.b, test.a) == test.same_when_folded);
  }
}

TEST_CASE("of all pairs of bytes only the 26 letters are equal to another one, and '_' to '-' when folded") {
  int wrong_ignoring_case = 0;
  int wrong_when_folded = 0;
  for_each_pair([&](char a, char b) {
    const bool same = a == b || is_letter_pair(a, b);
    const bool dashes = (a == '_' && b == '-') || (a == '-' && b == '_');
    const std::string_view left(&a, 1);
    const std::string_view right(&b, 1);
    wrong_ignoring_case += equal_ignoring_case(left, right) != same;
    wrong_when_folded += equal_when_folded(left, right) != (same || dashes);
  });
  CHECK(wrong_ignoring_case == 0);
  CHECK(wrong_when_folded == 0);
}

TEST_CASE("a cleared head is as good as a new one") {
  RequestHead request;
  request.method = "GET";
  request.target = "/secret";
  request.version = Version::http_1_0;
  request.fields = {{"A", "b"}};
  request.host = "h";
  request.framing = Framing::chunked;
  request.content_length = 7;
  request.connection = {"close"};
  request.keep_alive = false;
  request.expects_continue = request.websocket_upgrade = true;
  request.clear();
  const RequestHead fresh_request;
  CHECK(request.method.empty());
  CHECK(request.target.empty());
  CHECK(request.version == fresh_request.version);
  CHECK(request.fields.empty());
  CHECK(request.host.empty());
  CHECK(request.framing == fresh_request.framing);
  CHECK(request.content_length == fresh_request.content_length);
  CHECK(request.connection.empty());
  CHECK(request.keep_alive == fresh_request.keep_alive);
  CHECK_FALSE(request.expects_continue);
  CHECK_FALSE(request.websocket_upgrade);

  ResponseHead response;
  response.version = Version::http_1_0;
  response.status = 500;
  response.reason = "No";
  response.fields = {{"A", "b"}};
  response.framing = Framing::until_close;
  response.content_length = 7;
  response.connection = {"close"};
  response.keep_alive = false;
  response.websocket_accepted = true;
  response.clear();
  const ResponseHead fresh_response;
  CHECK(response.version == fresh_response.version);
  CHECK(response.status == fresh_response.status);
  CHECK(response.reason.empty());
  CHECK(response.fields.empty());
  CHECK(response.framing == fresh_response.framing);
  CHECK(response.content_length == fresh_response.content_length);
  CHECK(response.connection.empty());
  CHECK(response.keep_alive == fresh_response.keep_alive);
  CHECK_FALSE(response.websocket_accepted);
}
