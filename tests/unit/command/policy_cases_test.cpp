#include "command/policy_cases.hpp"

#include <doctest/doctest.h>

#include <variant>

using namespace postern;
using namespace postern::command;
using Kind = token::ClaimValue::Kind;

namespace {

PolicyCase one_case(std::string_view line) {
  auto parsed = parse_policy_cases(line);
  CAPTURE(line);
  REQUIRE(std::holds_alternative<std::vector<PolicyCase>>(parsed));
  REQUIRE(std::get<std::vector<PolicyCase>>(parsed).size() == 1);
  return std::get<std::vector<PolicyCase>>(std::move(parsed)).front();
}

}  // namespace

TEST_CASE("a line is a request, who asks, and a status") {
  const PolicyCase one = one_case("\n# comment\n\n  POST  /a?q=1 as alice role=admin n=7 -> 403  \n");
  CHECK(one.line == 4);
  CHECK(one.method == "POST");
  CHECK(one.target == "/a?q=1");
  CHECK(one.uid == "alice");
  CHECK(one.claims.size() == 2);
  CHECK(one.status == 403);
  CHECK_FALSE(one_case("GET / -> 401").uid);
  CHECK(one_case("GET / -> 200\r\n").status == 200);
}

TEST_CASE("a claim's value is JSON if it can be read so, else text") {
  struct Row {
    std::string_view value;
    Kind kind;
    std::string_view text;
    std::size_t members;
  };
  const Row rows[] = {{"admin", Kind::string, "admin", 0},
                      {"\"7\"", Kind::string, "7", 0},
                      {"", Kind::string, "", 0},
                      {"a=b", Kind::string, "a=b", 0},
                      {"7", Kind::integer, "7", 0},
                      {"-7", Kind::integer, "-7", 0},
                      {"123456789012345678901234567890", Kind::integer, "123456789012345678901234567890", 0},
                      {"07", Kind::string, "07", 0},
                      {"7.0", Kind::other, "7.0", 0},
                      {"true", Kind::boolean, "true", 0},
                      {"null", Kind::other, "null", 0},
                      {"{}", Kind::other, "{}", 0},
                      {"[]", Kind::list, "[]", 0},
                      {"[\"a\",7,true]", Kind::list, "[\"a\",7,true]", 3},
                      {"[\"a\",null]", Kind::other, "[\"a\",null]", 1},
                      {"[[]]", Kind::other, "[[]]", 0}};
  for (const Row& row : rows) {
    CAPTURE(row.value);
    const PolicyCase one = one_case("GET / as alice c=" + std::string(row.value) + " -> 200");
    REQUIRE(one.claims.size() == 1);
    CHECK(one.claims[0].kind == row.kind);
    CHECK(one.claims[0].text == row.text);
    CHECK(one.claims[0].members.size() == row.members);
  }
}

TEST_CASE("every line that is none is told with its number") {
  const auto parsed = parse_policy_cases(
      "GET /\nGET / 200\nGET / -> 2000\nGET / -> ok\nGET / as -> 200\nGET / by alice -> 200\n"
      "GET / as \xC3\xA9 -> 200\nGET / as alice admin -> 200\nGET / as alice =x -> 200\n-> 200\n");
  REQUIRE(std::holds_alternative<std::vector<std::string>>(parsed));
  const auto& problems = std::get<std::vector<std::string>>(parsed);
  REQUIRE(problems.size() == 10);
  for (std::size_t at = 0; at < problems.size(); ++at)
    CHECK(problems[at].starts_with("line " + std::to_string(at + 1) + ": "));
}

TEST_CASE("a case is judged as the gate judges, with a good token of its user") {
  std::vector<route::Rule> rules;
  const auto add = [&rules](route::RuleKind kind, std::string_view text) {
    rules.push_back(std::get<route::Rule>(route::parse_rule(text, kind)));
  };
  add(route::RuleKind::user, "/api/{user_id}/**");
  add(route::RuleKind::any_token, "/orgs/{o} {o}=org");
  add(route::RuleKind::any_token, "/me/{x} {x}=sub");
  add(route::RuleKind::any_token, "/scoped scope=s n=7");
  gate::Policy policy;
  const std::vector<std::string> kept = route::keep_claims(rules, policy.overrides, policy.claim_headers);
  policy.rules = route::RuleTable(std::move(rules));
  struct Row {
    std::string_view line;
    unsigned status;
    std::string_view reason;
  };
  const Row rows[] = {{"GET /api/alice as alice -> 200", 200, "ok"},
                      {"GET /api/bob as alice -> 200", 403, "another user"},
                      {"GET /api/bob -> 200", 401, "no credentials"},
                      {"GET /nowhere as alice -> 200", 404, "no rule"},
                      {"GET /api//x as alice -> 200", 400, "empty segment"},
                      {"get /api/alice as alice -> 200", 200, "ok"},
                      {"TRACE /api/alice as alice -> 200", 405, "refused method"},
                      {"GET /orgs/o1 as alice org=o1 -> 200", 200, "ok"},
                      {"GET /orgs/7 as alice org=7 -> 200", 200, "ok"},
                      {"GET /orgs/o1 as alice org=[\"o2\",\"o1\"] -> 200", 200, "ok"},
                      {"GET /orgs/o1 as alice -> 200", 403, "condition not met"},
                      {"GET /me/alice as alice -> 200", 200, "ok"},
                      {"GET /me/alice as alice sub=bob -> 200", 403, "condition not met"},
                      {"GET /scoped as alice scope=s n=7 -> 200", 200, "ok"},
                      {"GET /scoped as alice scope=s n=7.0 -> 200", 403, "condition not met"}};
  for (const Row& row : rows) {
    CAPTURE(row.line);
    const PolicyResult result = judge_case(one_case(row.line), policy, kept);
    CHECK(result.status == row.status);
    CHECK(result.reason == row.reason);
  }
}
