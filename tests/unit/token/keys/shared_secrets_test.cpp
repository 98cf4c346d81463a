#include <doctest/doctest.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "sample.hpp"
#include "token/verifier.hpp"

using namespace postern::token;

namespace {

constexpr std::string_view usual = R"({"alg":"HS256","typ":"JWT"})";

}  // namespace

TEST_CASE("while secrets rotate each of them verifies, and no other") {
  const std::string older(32, 'o'), newer(32, 'n');
  auto verifier = sample::verifier({}, {newer, sample::secret, older});
  for (const auto& key : {newer, sample::secret, older}) {
    CHECK(verifier.verify(sample::token(usual, sample::alice, key), sample::now).uid.view() == "alice");
  }
  for (const auto& key : {newer + older, newer.substr(1), newer + ',' + older, std::string("2:") + newer}) {
    const auto token = sample::token(usual, sample::alice, key);
    CHECK(verifier.verify(token, sample::now).fault == TokenFault::bad_signature);
  }
}

TEST_CASE("without a secret nothing verifies, and an empty one is none") {
  const std::string token = sample::token(usual, sample::alice);
  CHECK(sample::verifier({}, {}).verify(token, sample::now).fault == TokenFault::unsupported_algorithm);
  const std::shared_ptr<const Keys> none;
  CHECK(Verifier(none, {}).verify(token, sample::now).fault == TokenFault::unsupported_algorithm);
  CHECK_THROWS_AS(sample::verifier({}, {sample::secret, ""}), std::runtime_error);
}
