#include "route/target.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "../../attack/targets/read_targets.hpp"

using postern::route::Target;
using postern::route::TargetFault;
using postern::route::text_of;

namespace {

std::vector<std::string> segments_of(const Target& target) {
  return {target.segments().begin(), target.segments().end()};
}

bool has_no_views(const Target& target) {
  return target.origin_form().empty() && target.authority().empty() && target.raw_path().empty() &&
         target.segments().empty();
}

}  // namespace

TEST_CASE("every measured target is read as the contract asks") {
  const auto rows = postern::attack::read_targets();
  REQUIRE(rows.size() > 270);
  Target target;
  for (const auto& row : rows) {
    CAPTURE(row.line);
    const TargetFault fault = target.parse(row.raw);
    CHECK((fault == TargetFault::none ? "ok" : text_of(fault)) == row.outcome);
    CHECK(segments_of(target) == row.segments);
    CHECK(target.origin_form() == row.origin_form);
    if (fault != TargetFault::none) CHECK(has_no_views(target));
  }
}

TEST_CASE("origin-form goes upstream as the very bytes that came") {
  const std::string raw = "/api/%61lice/tasks/?q=%zz&%C3%A9=\"<>";
  Target target;
  REQUIRE(target.parse(raw) == TargetFault::none);
  CHECK(target.origin_form().data() == raw.data());
  CHECK(target.origin_form() == raw);
  CHECK(target.raw_path() == "/api/%61lice/tasks/");
  CHECK(target.authority().empty());
}

TEST_CASE("absolute-form loses scheme and authority and nothing else") {
  struct Row {
    std::string_view raw, authority, origin_form, raw_path;
  };
  const Row rows[] = {
      {"http://h/a/b?c", "h", "/a/b?c", "/a/b"},
      {"hTTpS://H:8443/a%20b/", "H:8443", "/a%20b/", "/a%20b/"},
      {"http://[::1]:80/a", "[::1]:80", "/a", "/a"},
      {"http://h", "h", "/", "/"},
      {"https://h?x=/../y", "h", "/?x=/../y", "/"},
      {"http://h/?", "h", "/?", "/"},
      {"http://h:99999/a", "h:99999", "/a", "/a"},  // whether it is a host is asked elsewhere
  };
  Target target;
  for (const Row& row : rows) {
    CAPTURE(row.raw);
    CHECK(target.parse(row.raw) == TargetFault::none);
    CHECK(target.authority() == row.authority);
    CHECK(target.origin_form() == row.origin_form);
    CHECK(target.raw_path() == row.raw_path);
  }
}

TEST_CASE("whatever has two readings is refused") {
  struct Row {
    std::string_view raw;
    TargetFault fault;
    std::string_view why;
  };
  const Row rows[] = {
      {"/a%5cb", TargetFault::encoded_slash, "lower case too"},
      {"/a/%2E", TargetFault::dot_segment, "encoded single dot"},
      {"/%2e%2E/", TargetFault::dot_segment, "before a trailing slash"},
      {"/a/..?x", TargetFault::dot_segment, "the query does not hide it"},
      {"/a//", TargetFault::empty_segment, "only one trailing slash is ignored"},
      {"/a%", TargetFault::malformed_percent_encoding, "at the end"},
      {"/a%4", TargetFault::malformed_percent_encoding, "one digit at the end"},
      {"/a%4/1", TargetFault::malformed_percent_encoding, "a slash is no digit"},
      {"/a%+1", TargetFault::malformed_percent_encoding, "a sign is no digit"},
      {"/a% 1", TargetFault::control_character, "a space is never in a target"},
      {"/a%1F", TargetFault::control_character, "last C0"},
      {"/a%7F", TargetFault::control_character, "DEL"},
      {"/a%C2%80", TargetFault::control_character, "first C1"},
      {"/a%C2%9F", TargetFault::control_character, "last C1"},
      {"/a%C3%A9%C2%85", TargetFault::control_character, "C1 behind another sequence"},
      {"/a\x80", TargetFault::non_ascii, "raw continuation byte"},
      {"/a%ED%BF%BF", TargetFault::malformed_utf8, "surrogate"},
      {"/a%F5%80%80%80", TargetFault::malformed_utf8, "over U+10FFFF"},
      {"/a%E2%82", TargetFault::malformed_utf8, "cut short"},
      {"/a?b\x7F", TargetFault::control_character, "DEL in the query"},
      {"/a?b\r\nX: y", TargetFault::control_character, "CRLF in the query"},
      {"/a?\x80", TargetFault::non_ascii, "the first byte over 0x7F in the query"},
      {"/a?b=\xFF", TargetFault::non_ascii, "and the last"},
      {"/a?caf\xC3\xA9", TargetFault::non_ascii, "raw UTF-8 in the query"},
      {"http://h?\xFF", TargetFault::non_ascii, "in absolute-form without a path"},
      {"/a?#", TargetFault::fragment, "fragment behind the query"},
      {"http://h/a#", TargetFault::fragment, "in absolute-form"},
      {"http://h?#", TargetFault::fragment, "in absolute-form without a path"},
      {"http://", TargetFault::malformed_authority, "nothing there"},
      {"http://?x", TargetFault::malformed_authority, "nothing but a query"},
      {"http://a b/", TargetFault::malformed_authority, "space"},
      {"http://a\x01/", TargetFault::malformed_authority, "control character"},
      {"http://\xC3\xA9/", TargetFault::malformed_authority, "raw UTF-8"},
      {"http:/", TargetFault::not_origin_or_absolute_form, "one slash"},
      {"httpx://h/", TargetFault::not_origin_or_absolute_form, "another scheme"},
      {" /a", TargetFault::not_origin_or_absolute_form, "space in front"},
  };
  Target target;
  for (const Row& row : rows) {
    CAPTURE(row.raw);
    CAPTURE(row.why);
    CHECK(text_of(target.parse(row.raw)) == text_of(row.fault));
    CHECK(has_no_views(target));
  }
}

TEST_CASE("of single bytes only hex digits make a percent-encoding") {
  const std::string_view hex = "0123456789ABCDEFabcdef";
  const std::string_view refused_before = "#\\";  // or the end of the path
  Target target;
  for (int code = 0x21; code < 0x7F; ++code) {
    const char byte = static_cast<char>(code);
    if (refused_before.find(byte) != refused_before.npos) continue;
    CAPTURE(byte);
    const bool digit = hex.find(byte) != hex.npos;
    const std::string first = std::string("/a%") + byte + "1";
    const std::string second = std::string("/a%4") + byte;
    CHECK((target.parse(first) != TargetFault::malformed_percent_encoding) == digit);
    CHECK((target.parse(second) != TargetFault::malformed_percent_encoding) == digit);
  }
}

TEST_CASE("bytes behind a target never complete an encoding that it cuts short") {
  constexpr std::string_view followed = "/a%41";
  Target target;
  CHECK(target.parse(followed) == TargetFault::none);
  CHECK(target.parse(followed.substr(0, 4)) == TargetFault::malformed_percent_encoding);
  CHECK(target.parse(followed.substr(0, 3)) == TargetFault::malformed_percent_encoding);
}

TEST_CASE("what has one reading is accepted") {
  struct Row {
    std::string_view raw;
    std::vector<std::string> segments;
    std::string_view why;
  };
  const Row rows[] = {
      {"/", {}, "the root"},
      {"/a", {"a"}, "one segment"},
      {"/a/", {"a"}, "one trailing slash is ignored"},
      {"/...", {"..."}, "three dots are a name"},
      {"/.a/..b/c.", {".a", "..b", "c."}, "dots in a name"},
      {"/%2E%2E%2E", {"..."}, "encoded dots in a name"},
      {"/%25%32%46", {"%2F"}, "decoded once only"},
      {"/%23/%3F/%20/%2B", {"#", "?", " ", "+"}, "reserved characters, encoded"},
      {"/%C2%A0", {"\xC2\xA0"}, "just above C1"},
      {"/%DF%BF/%E0%A0%80/%ED%9F%BF/%EE%80%80/%F4%8F%BF%BF",
       {"\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80", "\xF4\x8F\xBF\xBF"},
       "the edges of UTF-8"},
      {"/a?%2F%00%FF%zz/../..\\", {"a"}, "what a query encodes is not judged"},
  };
  Target target;
  for (const Row& row : rows) {
    CAPTURE(row.raw);
    CAPTURE(row.why);
    CHECK(target.parse(row.raw) == TargetFault::none);
    CHECK(segments_of(target) == row.segments);
  }
}

TEST_CASE("long targets are read whole") {
  const std::string many(60000, 'b');
  std::string encoded = "/api/";
  for (int i = 0; i < 3000; ++i) encoded += "%62";
  std::string deep = "/api/bob/files";
  for (int i = 0; i < 20000; ++i) deep += "/a";
  Target target;
  const std::string raw = "/api/" + many + "/tasks";
  REQUIRE(target.parse(raw) == TargetFault::none);
  CHECK(segments_of(target) == std::vector<std::string>{"api", many, "tasks"});
  REQUIRE(target.parse(encoded) == TargetFault::none);
  CHECK(segments_of(target) == std::vector<std::string>{"api", std::string(3000, 'b')});
  REQUIRE(target.parse(deep) == TargetFault::none);
  CHECK(target.segments().size() == 20003);
}

TEST_CASE("nothing of one request is left for the next") {
  Target target;
  REQUIRE(target.parse("http://host/%61pi/alice") == TargetFault::none);
  REQUIRE(target.parse("/b") == TargetFault::none);
  CHECK(target.authority().empty());
  CHECK(segments_of(target) == std::vector<std::string>{"b"});
  CHECK(target.parse("/b/..") == TargetFault::dot_segment);
  CHECK(has_no_views(target));
  REQUIRE(target.parse("/") == TargetFault::none);
  CHECK(target.segments().empty());
}
