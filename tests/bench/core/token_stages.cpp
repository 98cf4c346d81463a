// A token that is seen for the first time, by the algorithm of its signature. Keys and tokens are kept in
// new_tokens.tsv: what a verification costs depends on their numbers.

#include <array>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include "stages.hpp"
#include "token/keys/jwk_set.hpp"
#include "token/verifier.hpp"

using namespace postern;

namespace {

constexpr std::int64_t now = 1'767'225'600;
constexpr std::string_view issuer = "https://auth.example.com";

struct Sample {
  std::string jwk;
  std::array<std::string, 2> tokens;
};

Sample sample_of(const std::string& algorithm) {
  std::ifstream file("tests/bench/core/new_tokens.tsv");
  for (std::string line; std::getline(file, line);) {
    std::istringstream columns(line);
    std::string name;
    Sample sample;
    std::getline(columns, name, '\t');
    std::getline(columns, sample.jwk, '\t');
    for (std::string& token : sample.tokens) std::getline(columns, token, '\t');
    if (name == algorithm) return sample;
  }
  std::abort();
}

void verify_new(const std::string& algorithm) {
  const Sample sample = sample_of(algorithm);
  token::KeySet set{std::string(issuer), std::string(issuer), true, token::KeySet::State::usable, {}};
  set.keys = std::get<token::JwkSet>(token::read_jwk_set(R"({"keys":[)" + sample.jwk + "]}")).keys;
  token::Keys keys;
  keys.sets.push_back(std::make_shared<const token::KeySet>(std::move(set)));
  token::Verifier verifier(std::make_shared<const token::Keys>(std::move(keys)), {});
  const std::string* token = nullptr;
  token::TokenFault fault{};
  count([&](int turn) { token = &sample.tokens.at(static_cast<std::size_t>(turn)); },
        [&] { fault = verifier.verify(*token, now).fault; });
  if (fault != token::TokenFault::none) std::abort();
}

}  // namespace

Stages token_stages() {
  return {
      {"new-eddsa", [] { verify_new("EdDSA"); }}, {"new-es256", [] { verify_new("ES256"); }},
      {"new-es512", [] { verify_new("ES512"); }}, {"new-rs256", [] { verify_new("RS256"); }},
      {"new-ps256", [] { verify_new("PS256"); }},
  };
}
