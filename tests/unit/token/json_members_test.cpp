// What an ObjectReader finds in a text that it takes; json_object_test.cpp shows which ones it takes.
#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "token/json_object.hpp"

using namespace postern::token;

namespace {

constexpr auto lowest = std::numeric_limits<std::int64_t>::min();
constexpr auto highest = std::numeric_limits<std::int64_t>::max();

// Reads `value` as the member a, with others around it.
class Reading {
 public:
  explicit Reading(const std::string& value) : text_(R"({"before":[1],"a":)" + value + R"(,"after":"x"})") {
    CAPTURE(text_);
    REQUIRE(reader_.read(text_));
  }
  [[nodiscard]] const Member& member() const { return reader_.members()[0]; }

 private:
  std::string text_;
  ObjectReader reader_{{"a"}};
};

std::vector<std::string_view> texts(const Member& member) {
  std::vector<std::string_view> out;
  for (const ClaimText& element : member.list) out.push_back(element.text);
  return out;
}

}  // namespace

TEST_CASE("a value has one of seven kinds") {
  struct Case {
    std::string_view value;
    MemberKind kind;
  };
  using enum MemberKind;
  const std::vector<Case> cases{
      {R"("")", string},
      {R"("x")", string},
      {"0", number},
      {"-1.5", number},
      {"[]", list},
      {R"(["x"])", list},
      {R"(["x","","x"])", list},
      {R"(["x",1])", list},
      {R"([1,"x"])", list},
      {"[true]", list},
      {R"([false,-3,"x"])", list},
      {R"(["x",1.5])", other},
      {"[1e3]", other},
      {R"(["x",null,"x"])", other},
      {R"(["x",["x"]])", other},
      {R"([["x"],"x"])", other},
      {R"(["x",{}])", other},
      {R"([{"a":"x"},"x"])", other},
      {"[[]]", other},
      {"{}", other},
      {R"({"a":"x"})", single},
      {R"({"\u0061":""})", single},
      {R"({"a":"x","b":"y"})", other},
      {R"({"a":1,"b":"y"})", other},
      {R"({"a":"x","b":1})", other},
      {R"({"a":{},"b":"y"})", other},
      {R"({"a":1})", other},
      {R"({"a":true})", other},
      {R"({"a":null})", other},
      {R"({"a":["x"]})", other},
      {R"({"b":{"a":"x"}})", other},
      {R"({"b":{"a":1}})", other},
      {"true", boolean},
      {"false", boolean},
      {"null", other},
  };
  for (const auto& [value, kind] : cases) {
    CAPTURE(value);
    const Reading reading{std::string(value)};
    CHECK(static_cast<int>(reading.member().kind) == static_cast<int>(kind));
    CHECK(reading.member().present());
    CHECK_FALSE(reading.member().is_string("y"));
  }
}

TEST_CASE("a string is read unescaped, whole or in pieces") {
  struct Case {
    std::string value, text;
  };
  const std::string lengthy(5000, 'l');
  const std::vector<Case> cases{
      {"", ""},
      {"alice", "alice"},
      {R"(\u0061lice)", "alice"},
      {R"(al\u0069ce)", "alice"},
      {R"(alic\u0065)", "alice"},
      {R"(\u0061\u006c\u0069\u0063\u0065)", "alice"},
      {R"(\"\\\/\b\f\n\r\t)", "\"\\/\b\f\n\r\t"},
      {R"(a\u0000b)", std::string("a\0b", 3)},
      {R"(\u00e9\u20AC\ud83d\ude00)", "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"},
      {"\xC3\xA9", "\xC3\xA9"},
      {lengthy, lengthy},
      {lengthy + R"(\u0061)" + lengthy, lengthy + 'a' + lengthy},
      {R"(\u0061)" + lengthy + R"(\n)", 'a' + lengthy + '\n'},
  };
  for (const auto& [value, text] : cases) {
    CAPTURE(value);
    const Reading alone('"' + value + '"');
    CHECK(alone.member().text == text);
    CHECK(alone.member().is_string(text));
    CHECK_FALSE(alone.member().is_string(text + ' '));
    const Reading listed(R"(["\n",")" + value + R"(","\u0078",")" + value + "\"]");
    CHECK(texts(listed.member()) == std::vector<std::string_view>{"\n", text, "x", text});
  }
}

TEST_CASE("a number is a whole part and a fraction of it, rounded down") {
  struct Case {
    std::string_view value;
    std::int64_t whole;
    double fraction;
  };
  const std::vector<Case> cases{
      {"0", 0, 0},
      {"-0", 0, 0},
      {"-0.0", 0, 0},
      {"1767225600", 1767225600, 0},
      {"1767225600.0", 1767225600, 0},
      {"1767225600.5", 1767225600, 0.5},
      {"17672256e2", 1767225600, 0},
      {"1.7672256E+9", 1767225600, 0},
      {"1767225600000e-3", 1767225600, 0},
      {"1e3", 1000, 0},
      {"0.25", 0, 0.25},
      {"-0.25", -1, 0.75},
      {"-1.5", -2, 0.5},
      {"-1767225600", -1767225600, 0},
      {"1e-400", 0, 0},
      {"9223372036854775807", highest, 0},
      {"9223372036854775808", highest, 0},
      {"18446744073709551615", highest, 0},
      {"18446744073709551616", highest, 0},
      {"9223372036854775808.0", highest, 0},
      {"-9223372036854775808.0", lowest, 0},
      {"1e19", highest, 0},
      {"1e308", highest, 0},
      {"-9223372036854775808", lowest, 0},
      {"-9223372036854775809", lowest, 0},
      {"-1e19", lowest, 0},
      {"-1e308", lowest, 0},
  };
  for (const auto& [value, whole, fraction] : cases) {
    CAPTURE(value);
    const Reading reading{std::string(value)};
    CHECK(static_cast<int>(reading.member().kind) == static_cast<int>(MemberKind::number));
    CHECK(reading.member().number.whole == whole);
    CHECK(reading.member().number.fraction == fraction);
  }
}

TEST_CASE("a number that no double holds is no number") {
  for (const std::string value : {"1e309", "-1e309", "1e400", "-1e400", "1e99999"}) {
    CAPTURE(value);
    CHECK(static_cast<int>(Reading(value).member().kind) == static_cast<int>(MemberKind::other));
  }
}

TEST_CASE("what only looks like a number is no JSON") {
  ObjectReader reader({"a"});
  for (const std::string value : {"01", "-01", "+1", ".5", "1.", "1.e3", "1e", "1e+", "-", "0x10", "1_000",
                                  "NaN", "-NaN", "Infinity", "-Infinity", "1,5", "1 5", "٣"}) {
    CAPTURE(value);
    CHECK_FALSE(reader.read(R"({"a":)" + value + '}'));
  }
}

TEST_CASE("members are told apart by name, and only those at the top count") {
  ObjectReader reader({"a", "ab", "longer than a word"});
  const std::string first = R"({"ab":1,"x":{"a":"no"},"y":[{"a":"no"}],"longer than a word":"l","A":"no"})";
  REQUIRE(reader.read(first));
  CHECK_FALSE(reader.members()[0].present());
  CHECK(reader.members()[1].number.whole == 1);
  CHECK(reader.members()[2].is_string("l"));

  const std::string second = R"({"\u0061":"yes","a\u0000b":"no","longer than a work":"no"})";
  REQUIRE(reader.read(second));
  CHECK(reader.members()[0].is_string("yes"));
  CHECK_FALSE(reader.members()[1].present());
  CHECK_FALSE(reader.members()[2].present());

  REQUIRE_FALSE(reader.read(R"({"a":"no","ab":)"));
  REQUIRE(reader.read("{}"));
  for (const Member& member : reader.members()) CHECK_FALSE(member.present());

  REQUIRE_FALSE(reader.read(R"({"a":["cut off in the array",)"));
  const std::string third = R"({"a":"yes","x":{"y":1},"ab":[]})";
  REQUIRE(reader.read(third));
  CHECK(reader.members()[0].is_string("yes"));
  CHECK(reader.members()[1].list.empty());
}

TEST_CASE("two arrays of strings do not run into each other") {
  ObjectReader reader({"a", "b"});
  const std::string text = R"({"b":["1","2"],"x":["no"],"a":["3"]})";
  REQUIRE(reader.read(text));
  CHECK(texts(reader.members()[0]) == std::vector<std::string_view>{"3"});
  CHECK(texts(reader.members()[1]) == std::vector<std::string_view>{"1", "2"});
}

TEST_CASE("however many texts were read before, all arrays of one hold their own strings") {
  ObjectReader reader({"a", "b"});
  const std::string text = R"({"a": ["1"], "b": ["2","3"]})";
  int wrong = 0;
  for (int round = 0; round < 100'000; ++round) {
    REQUIRE(reader.read(text));
    const auto a = reader.members()[0].list, b = reader.members()[1].list;
    const bool right =
        a.size() == 1 && a[0].text == "1" && b.size() == 2 && b[0].text == "2" && b[1].text == "3";
    wrong += right ? 0 : 1;
  }
  CHECK(wrong == 0);
}

TEST_CASE(
    "a kept claim is what conditions compare: strings, integers as written, booleans and lists of them") {
  using Kind = ClaimValue::Kind;
  struct Case {
    std::string_view value;
    Kind kind;
    std::string_view text;
  };
  const std::vector<Case> cases{
      {R"("admin")", Kind::string, "admin"},
      {R"("\u0061")", Kind::string, "a"},
      {R"("")", Kind::string, ""},
      {"7", Kind::integer, "7"},
      {"-7", Kind::integer, "-7"},
      {"-0", Kind::integer, "-0"},
      {"9223372036854775807", Kind::integer, "9223372036854775807"},
      {"18446744073709551615", Kind::integer, "18446744073709551615"},
      {"123456789012345678901234567890", Kind::integer, "123456789012345678901234567890"},
      {"-123456789012345678901234567890", Kind::integer, "-123456789012345678901234567890"},
      {"7.0", Kind::other, ""},
      {"7e0", Kind::other, ""},
      {"7E2", Kind::other, ""},
      {"true", Kind::boolean, "true"},
      {"false", Kind::boolean, "false"},
      {"null", Kind::other, ""},
      {"{}", Kind::other, ""},
      {R"({"a":"x"})", Kind::other, ""},
      {"[]", Kind::list, ""},
      {R"([["x"]])", Kind::other, ""},
  };
  for (const auto& [value, kind, text] : cases) {
    CAPTURE(value);
    const Reading reading{std::string(value)};
    const ClaimValue claim = claim_value(reading.member());
    CHECK(static_cast<int>(claim.kind) == static_cast<int>(kind));
    CHECK(claim.text == text);
    CHECK(claim.list.empty());
    CHECK(claim.present());
  }
  CHECK_FALSE(claim_value(Member{}).present());
}

TEST_CASE("a list keeps the kind of each element") {
  const Reading reading(R"(["a",-1,true,"",false,123456789012345678901234567890])");
  const ClaimValue claim = claim_value(reading.member());
  REQUIRE(claim.kind == ClaimValue::Kind::list);
  using Kind = ClaimText::Kind;
  const std::vector<ClaimText> expected{
      {Kind::string, "a"}, {Kind::integer, "-1"},    {Kind::boolean, "true"},
      {Kind::string, ""},  {Kind::boolean, "false"}, {Kind::integer, "123456789012345678901234567890"}};
  CHECK(std::vector(claim.list.begin(), claim.list.end()) == expected);
}

TEST_CASE("an object of one string is read, name and value") {
  const Reading reading(R"({"x5t#S25\u0036":"abc\u0064"})");
  CHECK(reading.member().kind == MemberKind::single);
  CHECK(reading.member().name == "x5t#S256");
  CHECK(reading.member().text == "abcd");
}
