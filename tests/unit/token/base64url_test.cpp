#include "token/base64url.hpp"

#include <doctest/doctest.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "sample.hpp"

using namespace postern::token;

namespace {

std::optional<std::string> decode(std::string_view text) {
  std::string out(decoded_size(text.size()), '?');
  const auto size = decode_base64url(text, out);
  if (!size) return std::nullopt;
  CHECK(*size == out.size());
  return out;
}

}  // namespace

TEST_CASE("the vectors of RFC 4648 10 hold both ways, without padding") {
  const std::array<std::array<std::string_view, 2>, 7> vectors{{{"", ""},
                                                                {"f", "Zg"},
                                                                {"fo", "Zm8"},
                                                                {"foo", "Zm9v"},
                                                                {"foob", "Zm9vYg"},
                                                                {"fooba", "Zm9vYmE"},
                                                                {"foobar", "Zm9vYmFy"}}};
  for (const auto& [plain, text] : vectors) {
    CHECK(sample::encode(plain) == text);
    CHECK(decode(text) == plain);
  }
}

TEST_CASE("every byte in every place survives the way there and back") {
  for (std::size_t size = 1; size <= 6; ++size) {
    for (unsigned byte = 0; byte < 256; ++byte) {
      const std::string plain(size, static_cast<char>(byte));
      CHECK(decode(sample::encode(plain)) == plain);
    }
  }
  CHECK(decode("-_-_") == "\xfb\xff\xbf");
}

TEST_CASE("what is not strict base64url is refused") {
  const std::array<std::array<std::string_view, 2>, 17> cases{{
      {"Z", "one character over holds no byte"},
      {"Zm9vY", "the same after a whole group"},
      {"Zg==", "padding"},
      {"Zm8=", "padding"},
      {"Zm9v====", "padding"},
      {"Zm9v=", "padding that makes one over"},
      {"Zh", "spare bits, RFC 4648 3.5"},
      {"Zm9", "spare bits, RFC 4648 3.5"},
      {"Zm9vYn", "spare bits in a second group"},
      {"+/+/", "the alphabet of plain base64"},
      {"Zm 9v", "a space"},
      {" Zm9v", "a space in front"},
      {"Zm9v\n", "a line end behind"},
      {"Zm\r\n9v", "folding"},
      {std::string_view("Zm9\0", 4), "NUL"},
      {"Zm9\xc3", "beyond ASCII"},
      {"Zm.v", "a dot"},
  }};
  for (const auto& [text, why] : cases) {
    CAPTURE(why);
    CHECK_FALSE(decode(text));
  }
}

TEST_CASE("only the 64 characters of the alphabet are taken, wherever they stand") {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  for (std::size_t place = 0; place < 8; ++place) {
    for (unsigned c = 0; c < 256; ++c) {
      std::string text = "AAAAAAAAAAA";  // two groups and a tail of three
      text[place] = static_cast<char>(c);
      CHECK(decode(text).has_value() == (alphabet.find(static_cast<char>(c)) != alphabet.npos));
    }
  }
}

TEST_CASE("each byte string has exactly one spelling") {
  for (const std::size_t length : {2U, 3U}) {
    unsigned accepted = 0;
    std::string text(length, 'A');
    for (unsigned c = 0; c < 128; ++c) {
      text.back() = static_cast<char>(c);
      accepted += decode(text).has_value();
    }
    CHECK(accepted == (length == 2 ? 4U : 16U));
  }
}

TEST_CASE("characters behind a text never complete a group that it cuts short") {
  constexpr std::string_view followed = "AAAAAA";
  CHECK(decode(followed).has_value());
  CHECK_FALSE(decode(followed.substr(0, 5)));
  CHECK_FALSE(decode(followed.substr(0, 1)));
}

TEST_CASE("nothing is written past the room given") {
  std::string out = "????";
  CHECK_FALSE(decode_base64url("Zm9vYg", std::span(out).first(3)));
  CHECK(out == "????");
  CHECK(decode_base64url("Zm9v", std::span(out).first(3)) == 3U);
  CHECK(out == "foo?");
}
