#include "token/json_object.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using namespace postern::token;

namespace {

struct Case {
  std::string text;
  bool accepted;
  std::string_view why;
};

void check_all(const std::vector<Case>& cases) {
  ObjectReader reader({"a", "b"});
  for (const auto& [text, accepted, why] : cases) {
    CAPTURE(text);
    CAPTURE(why);
    CHECK(reader.read(text) == accepted);
  }
}

// A value of `depth` containers, inside an object that is one more.
std::string nested(std::size_t depth, char open = '[', char close = ']') {
  std::string text = R"({"a":)";
  for (std::size_t i = 0; i < depth; ++i) text += open == '[' ? "[" : R"({"a":)";
  if (open == '{') text += "1";
  return text + std::string(depth, close) + '}';
}

}  // namespace

TEST_CASE("a text is one object, with white space around its parts and nothing behind it") {
  check_all({
      {"{}", true, "no members"},
      {R"({"a":1})", true, "one"},
      {" \t\r\n{ \t\r\n\"a\" \t\r\n: \t\r\n1 \t\r\n, \t\r\n\"b\" : [ 1 , 2 ] } \t\r\n", true, "RFC 8259 2"},
      {"", false, "nothing"},
      {" ", false, "nothing but white space"},
      {"[]", false, "an array"},
      {R"([{"a":1}])", false, "an array around an object"},
      {R"("a")", false, "a string"},
      {"1", false, "a number"},
      {"-1.5e3", false, "a number"},
      {"true", false, "a literal"},
      {"null", false, "a literal"},
      {"{}{}", false, "two objects"},
      {"{} {}", false, "two objects"},
      {"{},", false, "a comma behind"},
      {"{}x", false, "a letter behind"},
      {"{}}", false, "a brace behind"},
      {std::string("{}\0", 3), false, "NUL behind"},
      {std::string("\0{}", 3), false, "NUL in front"},
      {"\xEF\xBB\xBF{}", false, "a byte order mark, RFC 8259 8.1"},
      {"{}\xEF\xBB\xBF", false, "a byte order mark behind"},
      {"{\f}", false, "a form feed is no white space here"},
      {"{\v}", false, "nor is a vertical tab"},
      {"{\xC2\xA0}", false, "nor a no-break space"},
      {"{}//x", false, "a comment"},
      {R"({/*x*/"a":1})", false, "a comment"},
      {R"({"a":1,})", false, "a trailing comma"},
      {R"({,"a":1})", false, "a leading comma"},
      {R"({"a":[1,]})", false, "a trailing comma in an array"},
      {R"({"a":1 "b":2})", false, "no comma"},
      {R"({"a" 1})", false, "no colon"},
      {R"({"a":})", false, "no value"},
      {R"({a:1})", false, "a bare name"},
      {R"({'a':1})", false, "single quotes"},
      {R"({1:1})", false, "a number for a name"},
      {R"({"a":1)", false, "cut off"},
      {R"({"a":"x)", false, "cut off in a string"},
      {R"({"a":[1})", false, "brackets crossed"},
      {"{\"a\":\"x\ny\"}", false, "a raw line end in a string"},
      {std::string("{\"a\":\"\0\"}", 9), false, "a raw NUL in a string"},
      {"{\"a\":\"\x7F\"}", true, "DEL is no control character to RFC 8259"},
      {R"({"a":tru})", false, "half a literal"},
      {R"({"a":True})", false, "a literal in another case"},
      {R"({"a":undefined})", false, "no literal at all"},
  });
}

TEST_CASE("no object has a member name twice, however it is spelled") {
  std::string many = "{";
  for (int i = 0; i < 500; ++i) many += "\"name" + std::to_string(i) + "\":0,";
  check_all({
      {R"({"a":1,"a":1})", false, "even with the same value"},
      {R"({"a":1,"b":2,"a":3})", false, "not side by side"},
      {R"({"x":1,"x":2})", false, "of no interest, but two readers may differ"},
      {R"({"a":1,"\u0061":2})", false, "one of them escaped"},
      {R"({"\u0061":1,"\u0061":2})", false, "both escaped"},
      {R"({"x\/y":1,"x/y":2})", false, "an escaped solidus"},
      {R"({"\u00E9":1,"\u00e9":2})", false, "hex digits in another case"},
      {R"({"é":1,"\u00e9":2})", false, "raw and escaped"},
      {R"({"😀":1,"\ud83d\ude00":2})", false, "a pair of surrogates"},
      {R"({"":1,"":2})", false, "the empty name"},
      {R"({"x":{"y":1,"y":2}})", false, "in an object inside"},
      {R"({"x":[{"y":1,"z":2,"\u0079":3}]})", false, "in an object in an array"},
      {R"({"x":{"y":1},"x":{"z":1}})", false, "around objects"},
      {R"({"a":1,"x":{"y":1},"a":2})", false, "before and after an object"},
      {R"({"longer than a word":1,"longer than a word":2})", false, "a long name"},
      {many + R"("name250":0})", false, "among five hundred"},
      {many + R"("name500":0})", true, "five hundred and one different ones"},
      {R"({"a":1,"A":2})", true, "case tells names apart"},
      {R"({"a":1,"a ":2})", true, "so does a space"},
      {R"({"a":1,"\u0000a":2,"a\u0000":3,"\u0000":4,"":5})", true, "so does NUL"},
      {R"({"12345678x":1,"12345678y":2,"12345678":3})", true, "alike in the first eight bytes"},
      {R"({"a":{"a":{"a":1}}})", true, "in different objects"},
      {R"({"x":[{"a":1},{"a":1}],"a":1})", true, "in different objects"},
  });
}

TEST_CASE("containers nest 32 deep, and a refused text leaves no trace") {
  check_all({
      {nested(max_json_depth - 1), true, "arrays to the bound"},
      {nested(max_json_depth), false, "one array more"},
      {nested(max_json_depth - 1, '{', '}'), true, "objects to the bound"},
      {nested(max_json_depth, '{', '}'), false, "one object more"},
      {nested(4000), false, "far more"},
      {R"({"a":)" + std::string(4000, '['), false, "never closed"},
      {nested(max_json_depth - 1), true, "to the bound again"},
      {R"({"a":[],"b":[[]],"c":{}})", true, "side by side is not nested"},
  });
}

TEST_CASE("a text is UTF-8 and its escapes are whole characters") {
  check_all({
      {"{\"a\":\"\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80\"}", true, "two, three and four bytes"},
      {"{\"a\":\"\xF4\x8F\xBF\xBF\"}", true, "U+10FFFF"},
      {"{\"a\":\"\xC0\xAF\"}", false, "overlong /"},
      {"{\"a\":\"\xC1\xA1\"}", false, "overlong a"},
      {"{\"a\":\"\xE0\x81\xA1\"}", false, "overlong in three bytes"},
      {"{\"a\":\"\xF0\x80\x81\xA1\"}", false, "overlong in four"},
      {"{\"a\":\"\xC0\x80\"}", false, "overlong NUL"},
      {"{\"a\":\"\xED\xA0\x80\"}", false, "a surrogate as bytes"},
      {"{\"a\":\"\xED\xA0\xBD\xED\xB8\x80\"}", false, "a pair of them, CESU-8"},
      {"{\"a\":\"\xF4\x90\x80\x80\"}", false, "beyond U+10FFFF"},
      {"{\"a\":\"\xF8\x88\x80\x80\x80\"}", false, "five bytes"},
      {"{\"a\":\"\x80\"}", false, "a continuation alone"},
      {"{\"a\":\"\xC3\"}", false, "a lead alone"},
      {"{\"a\":\"\xE2\x82\"}", false, "cut short"},
      {"{\"a\":\"\xFF\"}", false, "no byte of UTF-8"},
      {"{\"\xC3\":1}", false, "in a name"},
      {"{\"x\":{\"\xFF\":1}}", false, "in a name inside"},
      {"{\"x\":[\"\xFF\"]}", false, "in a value nobody asked for"},
      {R"({"a":"\ud83d\ude00"})", true, "a pair of surrogates"},
      {R"({"a":"\ud83d"})", false, "a high one alone"},
      {R"({"a":"\ude00"})", false, "a low one alone"},
      {R"({"a":"\ude00\ud83d"})", false, "in the wrong order"},
      {R"({"a":"\ud83d\ud83d"})", false, "two high ones"},
      {R"({"a":"\ud83dx"})", false, "a letter instead of the low one"},
      {R"({"a":"\ud83d\n"})", false, "another escape instead of it"},
      {R"({"\ud83d":1})", false, "in a name"},
      {R"({"x":["\ude00"]})", false, "in a value nobody asked for"},
      {R"({"a":"\x61"})", false, "no escape of JSON"},
      {R"({"a":"\'"})", false, "no escape of JSON"},
      {R"({"a":"\U0061"})", false, "a capital U"},
      {R"({"a":"\u006"})", false, "three digits"},
      {R"({"a":"\u006g"})", false, "no hex digit"},
      {R"({"a":"\u{61}"})", false, "braces"},
  });
}
