#include "token/sign.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

#include "sample.hpp"
#include "token/header.hpp"

using namespace postern::token;

TEST_CASE("a signed token is what another implementation makes of the same input") {
  // Made with Python: hmac.new(b"k" * 32, header + b"." + payload, "sha256"), all parts in base64url.
  CHECK(sign_hs256(R"({"uid":"alice"})", std::string(32, 'k')) ==
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
        "eyJ1aWQiOiJhbGljZSJ9."
        "h5SNHDPyr63lwV9BXoxxmdH-F2GfQI3AE7U3yTjI_Ww");
}

TEST_CASE("the header written is the usual one, and it says HS256 and JWT") {
  CHECK(sample::encode(R"({"alg":"HS256","typ":"JWT"})") == usual_header);
  CHECK(sign_hs256("{}", sample::secret).starts_with(std::string(usual_header) + ".e30."));
}

TEST_CASE("a signed token verifies under its secret and under no other") {
  const std::string token = sign_hs256(sample::alice, sample::secret);
  CHECK(sample::verifier().verify(token, sample::now).uid.view() == "alice");
  CHECK(sample::verifier({}, {sample::secret + " "}).verify(token, sample::now).fault ==
        TokenFault::bad_signature);
  CHECK_THROWS_AS(sign_hs256("{}", ""), std::runtime_error);
}
