// Tokens whose key is missing.
#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <variant>

#include "scene.hpp"
#include "token/base64url.hpp"
#include "token/keys/jwk_set.hpp"

using namespace postern;
using namespace postern::gate;

namespace {

std::string encode(std::string_view text) {
  return token::encode_base64url({reinterpret_cast<const unsigned char*>(text.data()), text.size()});
}

// Nobody signed it, and without a key nobody can tell.
std::string unsigned_token(std::string_view claims) {
  return encode(R"({"alg":"EdDSA","kid":"new"})") + '.' + encode(claims) + '.' + encode(std::string(64, 's'));
}

const std::string good = unsigned_token(R"({"sub":"alice","iss":"https://auth.example","aud":"api","exp":)" +
                                        std::to_string(test::now + 60) + '}');

class KeyScene {
 public:
  KeyScene(bool usable, bool fetchable) {
    token::KeySet set{"https://auth.example", "api", fetchable, token::KeySet::State::missing, {}};
    if (usable) {
      set.state = token::KeySet::State::usable;
      auto read = token::read_jwk_set(
          R"({"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]})");
      set.keys = std::get<token::JwkSet>(read).keys;
    }
    token::Keys keys;
    keys.sets.push_back(std::make_shared<const token::KeySet>(std::move(set)));
    verifier_ = std::make_unique<token::Verifier>(std::make_shared<const token::Keys>(std::move(keys)),
                                                  token::ClaimsPolicy{});
  }

  Verdict judge(const std::string& token, bool fetched = false) {
    bytes_ = test::request("GET", "/api/alice/x", {"Authorization: Bearer " + token});
    head_.clear();
    http::RequestParser parser(1 << 16);
    REQUIRE(parser.parse(bytes_, head_) == http::ParseState::complete);
    return gate::judge(head_, policy_, *verifier_, test::now, target_, {{}, fetched});
  }

 private:
  Policy policy_ = test::usual_policy();
  std::unique_ptr<token::Verifier> verifier_;
  std::string bytes_;
  http::RequestHead head_;
  route::Target target_;
};

}  // namespace

TEST_CASE("an unknown key is wanted until a fetch has shown that there is none") {
  KeyScene scene(true, true);
  const Verdict first = scene.judge(good);
  CHECK(first.answer == Answer::key_unavailable);
  CHECK(status_of(first.answer) == 503);
  CHECK(first.reason == "unknown key");
  CHECK(first.step == Step::token);
  REQUIRE(first.key_wanted);
  CHECK(first.key_wanted->set == 0);
  CHECK(first.key_wanted->fetchable);
  CHECK(first.uid.empty());
  const Verdict after = scene.judge(good, true);
  CHECK(after.answer == Answer::token_invalid);
  CHECK(after.reason == "unknown key");
  CHECK_FALSE(after.key_wanted);
}

TEST_CASE("a file says at once that it has no such key") {
  KeyScene scene(true, false);
  CHECK(scene.judge(good).answer == Answer::token_invalid);
  CHECK_FALSE(scene.judge(good).key_wanted);
}

TEST_CASE("without a usable set the answer is 503, never 401, whatever was tried") {
  for (const bool fetchable : {true, false}) {
    for (const bool fetched : {true, false}) {
      KeyScene scene(false, fetchable);
      const Verdict verdict = scene.judge(good, fetched);
      CHECK(verdict.answer == Answer::key_unavailable);
      CHECK(verdict.reason == "no key set");
      REQUIRE(verdict.key_wanted);
      CHECK(verdict.key_wanted->fetchable == fetchable);
    }
  }
}

TEST_CASE("what no key could save is 401 without one") {
  KeyScene scene(false, true);
  const std::string expired =
      unsigned_token(R"({"sub":"alice","iss":"https://auth.example","aud":"api","exp":)" +
                     std::to_string(test::now - 60) + '}');
  CHECK(scene.judge(expired).answer == Answer::token_expired);
  const std::string stranger =
      unsigned_token(R"({"sub":"alice","iss":"https://evil.example","aud":"api","exp":)" +
                     std::to_string(test::now + 60) + '}');
  CHECK(scene.judge(stranger).answer == Answer::token_invalid);
  CHECK_FALSE(scene.judge(stranger).key_wanted);
}
