#include "token/signature/hs256.hpp"

#include <doctest/doctest.h>

#include <array>
#include <stdexcept>
#include <string>

#include "token/base64url.hpp"

using namespace postern::token;

namespace {

std::string hex_tag(Hs256Key& key, std::string_view message) {
  Hs256Tag tag{};
  REQUIRE(key.sign(message, tag));
  std::string hex;
  for (const unsigned char byte : tag) {
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  return hex;
}

}  // namespace

TEST_CASE("the HMAC-SHA256 vectors of RFC 4231 hold") {
  struct Vector {
    std::string key, message;
    std::string_view tag;
  };
  const std::array<Vector, 5> vectors{{
      {std::string(20, '\x0b'), "Hi There",
       "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
      {"Jefe", "what do ya want for nothing?",
       "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
      {std::string(20, '\xaa'), std::string(50, '\xdd'),
       "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
      {std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First",
       "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
      {std::string(131, '\xaa'),
       "This is a test using a larger than block-size key and a larger than block-size data. The key needs "
       "to be hashed before being used by the HMAC algorithm.",
       "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
  }};
  for (const auto& [secret, message, tag] : vectors) {
    Hs256Key key(secret);
    CHECK(hex_tag(key, message) == tag);
    CHECK(hex_tag(key, "something else") != tag);
    CHECK(hex_tag(key, message) == tag);  // keyed once, used again
  }
}

TEST_CASE("the example of RFC 7515 A.1 verifies, and only as it is") {
  std::string secret(64, '\0');
  REQUIRE(decode_base64url(
      "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow", secret));
  std::string message =
      "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
  std::string tag(32, '\0');
  REQUIRE(decode_base64url("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", tag));
  Hs256Key key(secret);
  CHECK(key.verify(message, tag));
  CHECK_FALSE(key.verify(message, std::string_view(tag).substr(0, 31)));
  CHECK_FALSE(key.verify(message, std::string_view(tag).substr(0, 0)));
  CHECK_FALSE(key.verify(message, tag + '\0'));
  for (char& byte : tag) {
    byte = static_cast<char>(byte ^ 1);
    CHECK_FALSE(key.verify(message, tag));
    byte = static_cast<char>(byte ^ 1);
  }
  message.back() = 'R';
  CHECK_FALSE(key.verify(message, tag));
}

TEST_CASE("an empty secret is no key") {
  CHECK_THROWS_AS(Hs256Key(""), std::runtime_error);
}
