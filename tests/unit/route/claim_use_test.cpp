#include "route/claim_use.hpp"

#include <doctest/doctest.h>

using namespace postern::route;

TEST_CASE("an override is a condition with methods, GET and HEAD by default") {
  const auto of = [](std::string_view text) { return std::get<Override>(parse_override(text)); };
  CHECK(of("role=admin").methods == std::vector<std::string>{"GET", "HEAD"});
  CHECK(of("role=admin").condition.value == "admin");
  CHECK(of("DELETE|GET  role=root").methods == std::vector<std::string>{"DELETE", "GET", "HEAD"});
  CHECK(of("DELETE|GET  role=root").text == "DELETE|GET role=root");
}

TEST_CASE("what is no override is refused with words") {
  struct Row {
    std::string_view text, problem;
  };
  const Row rows[] = {{"", "no condition"},
                      {"admin", "no condition"},
                      {"role=", "no value"},
                      {"=admin", "names no claim"},
                      {"get role=admin", "in capitals"},
                      {"{org_id}=org", "none here"},
                      {"GET role=a role=b", "no condition"}};
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto parsed = parse_override(row.text);
    REQUIRE(std::holds_alternative<std::string>(parsed));
    CHECK(std::get<std::string>(parsed).find(row.problem) != std::string::npos);
  }
}

TEST_CASE("each claim that something needs is kept once") {
  std::vector<Rule> rules = {std::get<Rule>(parse_rule("/a role=x org=y", RuleKind::any_token)),
                             std::get<Rule>(parse_rule("/{o} {o}=org", RuleKind::any_token))};
  std::vector<Override> overrides = {std::get<Override>(parse_override("role=admin")),
                                     std::get<Override>(parse_override("staff=true"))};
  std::vector<ClaimHeader> headers = {{"X-Plan", "plan"}, {"X-Org", "org"}};
  CHECK(keep_claims(rules, overrides, headers) == std::vector<std::string>{"role", "org", "staff", "plan"});
  CHECK(rules[0].conditions[0].kept == 0);
  CHECK(rules[0].conditions[1].kept == 1);
  CHECK(rules[1].conditions[0].kept == 1);
  CHECK(overrides[0].condition.kept == 0);
  CHECK(overrides[1].condition.kept == 2);
  CHECK(headers[0].kept == 3);
  CHECK(headers[1].kept == 1);
}

TEST_CASE("claims that users write are known by name") {
  for (const char* claim : {"name", "email", "image", "username", "displayUsername"})
    CHECK(is_user_writable(claim));
  for (const char* claim : {"role", "Name", "sub", ""}) CHECK_FALSE(is_user_writable(claim));
}
