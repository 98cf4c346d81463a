#include <doctest/doctest.h>

#include <algorithm>

#include "config/policy_parsers.hpp"
#include "host_environment.hpp"

using namespace postern;
using namespace postern::config;

TEST_CASE("off means that no path belongs to a user") {
  const Outcome outcome = sample::with({{"POSTERN_USER_PATHS", "off"}, {"POSTERN_TOKEN_PATHS", "/api/**"}});
  CHECK(outcome.problems.empty());
  CHECK(outcome.warnings.empty());
  REQUIRE(outcome.config.rules.size() == 1);
  CHECK(outcome.config.rules[0].kind == route::RuleKind::any_token);
}

TEST_CASE("the claims that anything asks for are kept, and each use knows its place") {
  const Outcome outcome = sample::with({{"POSTERN_TOKEN_PATHS", "/a role=x,/o/{o} {o}=org"},
                                        {"POSTERN_OVERRIDE", "role=admin"},
                                        {"POSTERN_CLAIM_HEADERS", "X-Plan=plan,X-Org=org"}});
  REQUIRE(outcome.problems.empty());
  CHECK(outcome.config.claims.kept_claims == std::vector<std::string>{"role", "org", "plan"});
  REQUIRE(outcome.config.claim_headers.size() == 2);
  CHECK(outcome.config.claim_headers[0].name == "X-Org");
  CHECK(outcome.config.claim_headers[0].kept == 1);
  CHECK(outcome.config.claim_headers[1].kept == 2);
  CHECK(outcome.config.overrides[0].condition.kept == 0);
}

TEST_CASE("claim headers are ordered by their names in lower case") {
  Config config;
  CHECK(setting_parsers::read_claim_headers("x-b=1,X-C=2,X-A=3", config).empty());
  CHECK(setting_parsers::show_claim_headers(config) == "X-A=3,x-b=1,X-C=2");
}

TEST_CASE("shadow mode has an end, which is told") {
  const auto told = [](std::string_view until) {
    const Outcome outcome = sample::with({{"POSTERN_SHADOW_UNTIL", until}});
    CHECK(outcome.problems.empty());
    REQUIRE(outcome.warnings.size() == 1);
    return outcome.warnings[0];
  };
  CHECK(told("2027-04-01T01:00:00+01:00").find("until 2027-04-01T00:00:00Z") != std::string::npos);
  CHECK(told("2027-01-01T00:00:00Z").find("is over") != std::string::npos);
  const Outcome hidden = sample::with(
      {{"POSTERN_SHADOW_UNTIL", "2027-02-01T00:00:00Z"}, {"POSTERN_FORWARD_AUTHORIZATION", "false"}});
  REQUIRE(hidden.problems.size() == 1);
  CHECK(hidden.problems[0].variable == "POSTERN_SHADOW_UNTIL");
}

TEST_CASE("what users write themselves proves nothing, and is warned of") {
  struct Row {
    std::string_view variable, value;
  };
  const Row rows[] = {{"POSTERN_TOKEN_PATHS", "/a email=root@x.test"},
                      {"POSTERN_OVERRIDE", "username=root"},
                      {"POSTERN_CLAIM_HEADERS", "X-User-Name=name"}};
  for (const Row& row : rows) {
    CAPTURE(row.variable);
    const Outcome outcome = sample::with({{row.variable, row.value}});
    CHECK(outcome.problems.empty());
    REQUIRE(outcome.warnings.size() == 1);
    CHECK(outcome.warnings[0].find("themselves") != std::string::npos);
  }
}

TEST_CASE("an override without a user path is idle") {
  const Outcome outcome = sample::with(
      {{"POSTERN_USER_PATHS", "off"}, {"POSTERN_TOKEN_PATHS", "/a"}, {"POSTERN_OVERRIDE", "role=admin"}});
  REQUIRE(outcome.warnings.size() == 1);
  CHECK(outcome.warnings[0].find("no effect") != std::string::npos);
}
