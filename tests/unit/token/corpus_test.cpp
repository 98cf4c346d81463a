// The tokens of tests/attack/tokens, which a running proxy is asked with too; its README tells the columns.
#include <doctest/doctest.h>

#include <boost/json.hpp>
#include <cstddef>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "sample.hpp"
#include "token/keys/jwk_set.hpp"
#include "token/verifier.hpp"

using namespace postern::token;

namespace {

std::string text_in(const boost::json::object& line, std::string_view column) {
  const auto* value = line.if_contains(column);
  return value == nullptr ? "" : std::string(value->as_string());
}

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

// A text, or a list of [text, times].
std::string unfold(const boost::json::value& token) {
  if (token.is_string()) return std::string(token.as_string());
  std::string text;
  for (const auto& run : token.as_array()) {
    for (auto times = run.at(1).to_number<int>(); times > 0; --times) text += run.at(0).as_string();
  }
  return text;
}

}  // namespace

TEST_CASE("every token of the corpus is judged as it says") {
  std::ifstream file(POSTERN_TEST_DATA "/attack/tokens/tokens.jsonl");
  REQUIRE(file);
  ClaimsPolicy policy;
  policy.leeway = 0;
  policy.max_lifetime.reset();

  std::string first_secret;
  std::size_t cases = 0, accepted = 0, refused = 0;
  for (std::string text; std::getline(file, text); ++cases) {
    const auto line = boost::json::parse(text).as_object();
    std::string secret = from_hex(text_in(line, "secret"));
    if (cases == 0) first_secret = secret;
    if (!line.contains("secret")) secret = first_secret;

    const std::string name = text_in(line, "name"), why = text_in(line, "why"),
                      expect = text_in(line, "expect");
    CAPTURE(name);
    CAPTURE(why);
    const auto verdict = sample::verifier(policy, {secret}).verify(unfold(line.at("token")), sample::now);
    CAPTURE(text_of(verdict.fault));
    const bool is_accepted = verdict.fault == TokenFault::none;
    CHECK(verdict.uid.empty() != is_accepted);
    if (expect == "accept") {
      ++accepted;
      CHECK(is_accepted);
      CHECK(verdict.uid.view() == text_in(line, "uid"));
    } else if (expect == "reject") {
      ++refused;
      CHECK_FALSE(is_accepted);
    } else {
      CHECK(expect == "either");
    }
  }
  REQUIRE(cases >= 200);
  CHECK(accepted >= 50);
  CHECK(refused >= 150);
}

TEST_CASE("every token under the JWK Set of the corpus is judged as it says") {
  std::ifstream file(POSTERN_TEST_DATA "/attack/tokens/jwks.jsonl");
  REQUIRE(file);
  ClaimsPolicy policy;
  policy.leeway = 0;
  policy.max_lifetime.reset();
  std::shared_ptr<Keys> keys;
  std::size_t accepted = 0, refused = 0;
  for (std::string text; std::getline(file, text);) {
    const auto line = boost::json::parse(text).as_object();
    if (!keys) {
      auto read = read_jwk_set(boost::json::serialize(line.at("jwks")));
      REQUIRE(std::holds_alternative<JwkSet>(read));
      keys = std::make_shared<Keys>();
      keys->secrets = std::make_shared<const SharedSecrets>(std::vector<std::string>{sample::secret});
      keys->sets.push_back(std::make_shared<const KeySet>(
          KeySet{"https://auth.example", "api", false, KeySet::State::usable, std::get<JwkSet>(read).keys}));
    }
    const std::string name = text_in(line, "name"), why = text_in(line, "why");
    CAPTURE(name);
    CAPTURE(why);
    const auto verdict = Verifier(keys, policy).verify(unfold(line.at("token")), sample::now);
    CAPTURE(text_of(verdict.fault));
    const bool expected = text_in(line, "expect") == "accept";
    ++(expected ? accepted : refused);
    CHECK((verdict.fault == TokenFault::none) == expected);
    CHECK(verdict.uid.view() == (expected ? text_in(line, "uid") : ""));
  }
  CHECK(accepted >= 20);
  CHECK(refused >= 150);
}
