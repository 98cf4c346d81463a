#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "route/rule.hpp"

using namespace postern::route;

TEST_CASE("a rule is methods, a template and conditions") {
  struct Row {
    std::string_view text;
    RuleKind kind;
    std::string_view pattern, methods, conditions;
  };
  const Row rows[] = {
      {"/api/{user_id}/**", RuleKind::user, "/api/{user_id}/**", "", ""},
      {"GET /a", RuleKind::open, "/a", "GET,HEAD", ""},
      {"HEAD /a", RuleKind::open, "/a", "HEAD", ""},
      {"POST|PUT|POST /a", RuleKind::any_token, "/a", "POST,PUT", ""},
      {"M-SEARCH /a", RuleKind::any_token, "/a", "M-SEARCH", ""},
      {"  GET\t /a \n role=admin ", RuleKind::any_token, "/a", "GET,HEAD", "role is admin"},
      {"/a role=admin scope=read:all", RuleKind::any_token, "/a", "", "role is admin,scope is read:all"},
      {"/a x=a=b", RuleKind::any_token, "/a", "", "x is a=b"},
      {"/a https://x.test/role=admin", RuleKind::any_token, "/a", "", "https://x.test/role is admin"},
      {"/a team=caf\xC3\xA9", RuleKind::user, "", "", ""},
      {"/orgs/{org_id}/** {org_id}=activeOrganizationId", RuleKind::any_token, "/orgs/{org_id}/**", "",
       "1 is in activeOrganizationId"},
      {"/{a}/{user_id} {a}=org role=x", RuleKind::user, "/{a}/{user_id}", "", "0 is in org,role is x"},
      {"/{user_id} {user_id}=sub", RuleKind::user, "/{user_id}", "", "0 is in sub"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto parsed = parse_rule(row.text, row.kind);
    if (row.pattern.empty()) {
      CHECK(std::get<std::string>(parsed).find("{user_id}") != std::string::npos);
      continue;
    }
    REQUIRE(std::holds_alternative<Rule>(parsed));
    const Rule& rule = std::get<Rule>(parsed);
    CHECK(rule.pattern == row.pattern);
    std::string methods, conditions;
    for (const std::string& method : rule.methods) methods += (methods.empty() ? "" : ",") + method;
    for (const Condition& one : rule.conditions) {
      conditions += conditions.empty() ? "" : ",";
      conditions += one.kind == Condition::Kind::claim_is
                        ? one.claim + " is " + one.value
                        : std::to_string(one.segment) + " is in " + one.claim;
    }
    CHECK(methods == row.methods);
    CHECK(conditions == row.conditions);
  }
}

TEST_CASE("the text of a rule has one space between its parts") {
  CHECK(std::get<Rule>(parse_rule(" GET   /a\trole=x ", RuleKind::any_token)).text == "GET /a role=x");
}

TEST_CASE("what is no rule is refused with words") {
  struct Row {
    std::string_view text;
    RuleKind kind;
    std::string_view problem;
  };
  const Row rows[] = {
      {"", RuleKind::open, "is empty"},
      {"GET", RuleKind::open, "begin with '/'"},
      {"get /a", RuleKind::open, "in capitals"},
      {"Get /a", RuleKind::open, "in capitals"},
      {"GET| /a", RuleKind::open, "'' is no method"},
      {"GET|post /a", RuleKind::open, "'post' is no method"},
      {"GET,POST /a", RuleKind::open, "is no method"},
      {"* /a", RuleKind::open, "'*' is no method"},
      {"GET | POST /a", RuleKind::open, "begin with '/'"},
      {"GET a", RuleKind::open, "begin with '/'"},
      {"/a GET", RuleKind::any_token, "no condition"},
      {"/a b", RuleKind::any_token, "no condition"},
      {"/a /b", RuleKind::any_token, "comma"},
      {"/a /b=c", RuleKind::any_token, "comma"},
      {"/a role=", RuleKind::any_token, "no value"},
      {"/a =admin", RuleKind::any_token, "names no claim"},
      {"/a =", RuleKind::any_token, "names no claim"},
      {"/{x} {x}=", RuleKind::any_token, "names no claim"},
      {"/{x} {y}=org", RuleKind::any_token, "has no {y}"},
      {"/{x}/{x} {x}=org", RuleKind::any_token, "more than once"},
      {"/{x} {x=org", RuleKind::any_token, "no condition"},
      {"/{x} {}=org", RuleKind::any_token, "no condition"},
      {"/a role=\x01", RuleKind::any_token, "control"},
      {"/a role=\xFF", RuleKind::any_token, "control"},
      {"/a role=admin", RuleKind::open, "only user and token paths"},
      {"/a role=admin", RuleKind::optional, "only user and token paths"},
      {"/{user_id}", RuleKind::optional, "only in a user path"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto parsed = parse_rule(row.text, row.kind);
    REQUIRE(std::holds_alternative<std::string>(parsed));
    CHECK_MESSAGE(std::get<std::string>(parsed).find(row.problem) != std::string::npos,
                  std::get<std::string>(parsed));
  }
}

TEST_CASE("a rule knows its methods and which segments it compares") {
  const Rule rule = std::get<Rule>(parse_rule("GET /{o}/{user_id}/{x} {o}=org {o}=team", RuleKind::user));
  CHECK(rule.covers_method("HEAD"));
  CHECK_FALSE(rule.covers_method("get"));
  CHECK_FALSE(rule.covers_method("POST"));
  CHECK(rule.compared_segments() == std::vector<std::size_t>{0, 1});
}
