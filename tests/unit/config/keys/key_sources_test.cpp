#include "config/keys/key_sources.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "config/keys/token_keys.hpp"
#include "host_environment.hpp"

using namespace postern;
using namespace postern::config;

namespace {

const std::string jwks =
    R"({"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},{"kty":"oct"}]})";

std::string shown_value(const Outcome& outcome, std::string_view name) {
  for (const auto& [variable, value] : describe(outcome.config)) {
    if (variable == name) return value;
  }
  return "not shown";
}

bool warns(const Outcome& outcome, std::string_view text) {
  return std::any_of(outcome.warnings.begin(), outcome.warnings.end(),
                     [text](const std::string& warning) { return warning.find(text) != std::string::npos; });
}

bool complains(const Outcome& outcome, std::string_view text) {
  return std::any_of(outcome.problems.begin(), outcome.problems.end(), [text](const Problem& problem) {
    return to_string(problem).find(text) != std::string::npos;
  });
}

Outcome alone(const std::vector<Variable>& variables,
              const HostEnvironment& on = sample::host_environment()) {
  return read(variables, on);
}

}  // namespace

TEST_CASE("BETTER_AUTH_URL alone is a whole configuration, and what it stands for is shown") {
  const Outcome outcome = alone({{"BETTER_AUTH_URL", "https://Auth.example.com:443/"}});
  REQUIRE(outcome.problems.empty());
  CHECK(outcome.warnings.empty());
  CHECK(outcome.config.secrets.empty());
  CHECK(outcome.config.claims.issuer == "https://auth.example.com");
  CHECK(outcome.config.claims.audience == "https://auth.example.com");
  CHECK(outcome.config.claims.uid_claims == std::vector<std::string>{"uid", "sub"});
  CHECK(shown_value(outcome, "BETTER_AUTH_URL") == "https://Auth.example.com:443/");
  CHECK(shown_value(outcome, "POSTERN_JWKS_URL") ==
        "https://auth.example.com/api/auth/jwks iss=https://auth.example.com aud=https://auth.example.com");
  CHECK(shown_value(outcome, "POSTERN_JWT_ISSUER") == "https://auth.example.com");
  REQUIRE(outcome.config.key_sets.size() == 1);
  CHECK(outcome.config.key_sets[0].address.host == "auth.example.com");
  CHECK(outcome.config.key_sets[0].address.target == "/api/auth/jwks");
  CHECK(outcome.config.jwks_tls);
}

TEST_CASE("a secret may stand beside it, and the other variables go first") {
  const Outcome both = sample::with({{"BETTER_AUTH_URL", "http://localhost:3000"}});
  CHECK(both.problems.empty());
  CHECK(both.config.secrets.size() == 1);
  CHECK(both.config.key_sets.size() == 1);
  const Outcome off =
      sample::with({{"BETTER_AUTH_URL", "http://localhost:3000"}, {"POSTERN_JWKS_URL", "off"}});
  CHECK(off.problems.empty());
  CHECK(off.config.key_sets.empty());
  CHECK(off.config.claims.issuer == "http://localhost:3000");
  CHECK(shown_value(off, "POSTERN_JWKS_URL") == "off");
  const Outcome elsewhere = alone({{"BETTER_AUTH_URL", "https://auth.example.com"},
                                   {"POSTERN_JWKS_URL", "http://localhost:3000/api/auth/jwks"},
                                   {"POSTERN_JWT_AUDIENCE", "api"}});
  CHECK(elsewhere.problems.empty());
  REQUIRE(elsewhere.config.key_sets.size() == 1);
  CHECK(elsewhere.config.key_sets[0].issuer == "https://auth.example.com");
  CHECK(elsewhere.config.key_sets[0].audience == "api");
}

TEST_CASE("a base URL that is none is a problem") {
  for (const std::string_view url :
       {"auth.example.com", "https://me:pw@auth.example.com", "https://auth.example.com/?x",
        "https://auth.example.com/a/../b", "https://auth.example.com/#x"}) {
    CAPTURE(url);
    const Outcome outcome = alone({{"BETTER_AUTH_URL", url}});
    CHECK(complains(outcome, "BETTER_AUTH_URL: "));
    CHECK_FALSE(complains(outcome, "pw"));
  }
}

TEST_CASE("several issuers have a set each") {
  const Outcome outcome = alone({{"POSTERN_JWKS_URL",
                                  "https://a.example/jwks iss=https://a.example aud=api , "
                                  "https://b.example/keys aud=web iss=https://b.example"}});
  REQUIRE(outcome.problems.empty());
  REQUIRE(outcome.config.key_sets.size() == 2);
  CHECK(outcome.config.key_sets[1].url == "https://b.example/keys");
  CHECK(outcome.config.key_sets[1].issuer == "https://b.example");
  CHECK(outcome.config.key_sets[1].audience == "web");
  CHECK(warns(outcome, "can name any user"));
}

TEST_CASE("any waives a check aloud, and both are warned of") {
  const Outcome one = alone({{"POSTERN_JWKS_URL", "https://a.example/jwks iss=https://a.example aud=any"}});
  CHECK(one.problems.empty());
  CHECK(one.warnings.empty());
  CHECK(shown_value(one, "POSTERN_JWKS_URL").ends_with("aud=any"));
  const Outcome both = alone({{"POSTERN_JWKS_URL", "https://a.example/jwks iss=any aud=any"}});
  CHECK(both.problems.empty());
  CHECK(warns(both, "neither issuer nor audience"));
  Outcome common = alone({{"POSTERN_JWKS_URL", "https://a.example/jwks"},
                          {"POSTERN_JWT_ISSUER", "https://a.example"},
                          {"POSTERN_JWT_AUDIENCE", "any"}});
  CHECK(common.problems.empty());
  CHECK(shown_value(common, "POSTERN_JWT_AUDIENCE") == "any");
  const token::Keys keys = take_token_keys(common.config);
  CHECK(keys.sets[0]->issuer == "https://a.example");
  CHECK_FALSE(keys.sets[0]->audience);
}

TEST_CASE("keys that come in the clear are warned of unless they come from this host") {
  CHECK(warns(alone({{"BETTER_AUTH_URL", "http://auth:3000"}}), "not https"));
  CHECK(alone({{"BETTER_AUTH_URL", "http://localhost:3000"}}).warnings.empty());
}

TEST_CASE("a file's keys verify at once, and odd ones are named") {
  const HostEnvironment host =
      sample::host_environment({{"/jwks", jwks}, {"/empty", R"({"keys":[]})"}, {"/bad", "<html>"}});
  Outcome outcome = alone({{"POSTERN_JWKS_FILE", "/jwks iss=https://a.example aud=api"}}, host);
  REQUIRE(outcome.problems.empty());
  CHECK(warns(outcome, "key 2 is skipped: kty oct is a secret"));
  CHECK(shown_value(outcome, "POSTERN_JWKS_FILE") == "/jwks iss=https://a.example aud=api");
  const token::Keys keys = take_token_keys(outcome.config);
  REQUIRE(keys.sets.size() == 1);
  CHECK(keys.sets[0]->state == token::KeySet::State::usable);
  CHECK_FALSE(keys.sets[0]->fetchable);
  CHECK(keys.sets[0]->keys.size() == 1);
  for (const std::string_view path : {"/none", "/empty", "/bad"}) {
    const std::string value = std::string(path) + " iss=https://a.example aud=api";
    CHECK(complains(alone({{"POSTERN_JWKS_FILE", value}}, host), "POSTERN_JWKS_FILE: "));
  }
  // In place of the address that BETTER_AUTH_URL stands for.
  const Outcome beside =
      alone({{"BETTER_AUTH_URL", "https://a.example"}, {"POSTERN_JWKS_FILE", "/jwks"}}, host);
  CHECK(beside.problems.empty());
  CHECK(beside.config.key_sets.size() == 1);
}

TEST_CASE("a set from an address is missing until it is fetched") {
  Outcome outcome = sample::with({{"BETTER_AUTH_URL", "http://localhost:3000"}});
  const token::Keys keys = take_token_keys(outcome.config);
  CHECK(outcome.config.secrets.empty());
  CHECK(keys.secrets->all().size() == 1);
  REQUIRE(keys.sets.size() == 1);
  CHECK(keys.sets[0]->state == token::KeySet::State::missing);
  CHECK(keys.sets[0]->fetchable);
}

TEST_CASE("sub alone needs an audience") {
  CHECK(complains(sample::with({{"POSTERN_UID_CLAIM", "sub"}}), "POSTERN_UID_CLAIM"));
  CHECK(sample::with({{"POSTERN_UID_CLAIM", "sub"}, {"POSTERN_JWT_AUDIENCE", "api"}}).problems.empty());
  CHECK(complains(sample::with({{"POSTERN_UID_CLAIM", "sub"}, {"POSTERN_JWT_AUDIENCE", "any"}}),
                  "POSTERN_UID_CLAIM"));
  CHECK(alone({{"POSTERN_UID_CLAIM", "sub"}, {"BETTER_AUTH_URL", "http://localhost:3000"}}).problems.empty());
  CHECK(sample::with({{"POSTERN_UID_CLAIM", "sub,uid"}}).problems.empty());
}

TEST_CASE("an empty value is warned of where a check would silently be off") {
  const Outcome outcome = sample::with({{"POSTERN_JWT_ISSUER", ""},
                                        {"POSTERN_JWT_AUDIENCE", ""},
                                        {"POSTERN_REVOKED_FILE", ""},
                                        {"POSTERN_CORS_ORIGINS", ""}});
  CHECK(outcome.problems.empty());
  CHECK(outcome.warnings.size() == 3);
}

TEST_CASE("the revoked list is read at start, and a spoilt one is a problem") {
  const HostEnvironment host =
      sample::host_environment({{"/good", "sub alice before 1767225600\n"}, {"/bad", "sub alice\n"}});
  Outcome outcome = sample::with({{"POSTERN_REVOKED_FILE", "/good"}}, host);
  REQUIRE(outcome.problems.empty());
  CHECK(take_token_keys(outcome.config).revoked->size() == 1);
  CHECK(complains(sample::with({{"POSTERN_REVOKED_FILE", "/bad"}}, host), "line 1"));
  CHECK(complains(sample::with({{"POSTERN_REVOKED_FILE", "/none"}}, host), "No such file"));
}

TEST_CASE("own authorities are read where a set is https") {
  const HostEnvironment host = sample::host_environment({{"/ca", "no certificate"}, {"/empty", ""}});
  CHECK(complains(alone({{"BETTER_AUTH_URL", "https://a.example"}, {"POSTERN_JWKS_CA", "/none"}}, host),
                  "POSTERN_JWKS_CA"));
  CHECK(complains(alone({{"BETTER_AUTH_URL", "https://a.example"}, {"POSTERN_JWKS_CA", "/empty"}}, host),
                  "is empty"));
  CHECK(complains(alone({{"BETTER_AUTH_URL", "https://a.example"}, {"POSTERN_JWKS_CA", "/ca"}}, host),
                  "POSTERN_JWKS_CA"));
  CHECK(
      warns(alone({{"BETTER_AUTH_URL", "http://localhost"}, {"POSTERN_JWKS_CA", "/ca"}}, host), "no effect"));
}
