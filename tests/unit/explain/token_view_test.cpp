#include "explain/token_view.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <string>

#include "token/base64url.hpp"
#include "token/compact_jws.hpp"

using namespace postern::explain;

namespace {

std::string encode(std::string_view text) {
  return postern::token::encode_base64url({reinterpret_cast<const unsigned char*>(text.data()), text.size()});
}

TokenView view_payload(std::string_view payload) {
  static std::string token;
  token = encode(R"({"alg":"HS256"})") + '.' + encode(payload) + '.' + encode("signature");
  return view_token(token);
}

}  // namespace

TEST_CASE("a token is read in its parts, however wrong they are") {
  const TokenView view = view_payload(R"({"uid":"alice"})");
  CHECK(view.parts.size() == 3);
  CHECK(view.signing_input == encode(R"({"alg":"HS256"})") + '.' + encode(R"({"uid":"alice"})"));
  CHECK(text_of(member(view.header, "alg")) == "HS256");
  CHECK(text_of(member(view.payload, "uid")) == "alice");
  CHECK(view.signature == "signature");

  CHECK(view_token("").parts.size() == 1);
  CHECK(view_token("a.b").signing_input == "");
  CHECK(view_token("a.b.c.d.e").parts.size() == 5);
  CHECK_FALSE(view_token("a.b.c").header.has_value());
  CHECK_FALSE(view_payload("[1]").payload.has_value());
  CHECK_FALSE(view_payload(R"({"uid":)").payload.has_value());
  CHECK(view_token(std::string(postern::token::max_token_bytes + 1, '.')).parts.empty());
}

TEST_CASE("base64 with padding and its own alphabet is read too") {
  // The bytes of {"a":"?>"} need both: + and / stand where base64url has - and _.
  const TokenView view = view_token("e30=.eyJhIjoiw78/Pj8+In0=.+/8=");
  CHECK(view.header.has_value());
  CHECK(text_of(member(view.payload, "a")) == "\xC3\xBF?>?>");
  CHECK(view.signature == "\xFB\xFF");
}

TEST_CASE("of two members with one name the last counts, as in most readers") {
  CHECK(text_of(member(view_payload(R"({"uid":"a","uid":"b"})").payload, "uid")) == "b");
}

TEST_CASE("a time is whole seconds, clamped, and nothing else than a number") {
  const auto seconds = [](std::string_view json) {
    return seconds_of(member(view_payload("{\"exp\":" + std::string(json) + '}').payload, "exp"));
  };
  CHECK(seconds("1767225600") == 1'767'225'600);
  CHECK(seconds("1767225600.9") == 1'767'225'600);
  CHECK(seconds("-0.5") == -1);
  CHECK(seconds("1e300") == 9'000'000'000'000'000'000);
  CHECK(seconds("-1e300") == -9'000'000'000'000'000'000);
  CHECK(seconds("18446744073709551615") == 9'000'000'000'000'000'000);
  CHECK(seconds("\"1767225600\"") == std::nullopt);
  CHECK(seconds("null") == std::nullopt);
  CHECK(seconds_of(nullptr) == std::nullopt);
}

TEST_CASE("what is shown of a claim is short and holds no control character") {
  const auto shown_claim = [](std::string_view json) {
    return shown(member(view_payload("{\"c\":" + std::string(json) + '}').payload, "c"));
  };
  CHECK(shown(nullptr) == "absent");
  CHECK(shown_claim(R"("alice")") == "'alice'");
  CHECK(shown_claim("17") == "17");
  CHECK(shown_claim("[true,null]") == "[true,null]");
  for (const std::string_view hostile : {R"("\u001b[31m\u0000\n")", R"(["\u001b[31m\r\n"])"}) {
    for (const char c : shown_claim(hostile)) CHECK((c >= ' ' && c < '\x7F'));
  }
  CHECK(shown_claim('"' + std::string(10'000, 'x') + '"').size() < 500);
}
