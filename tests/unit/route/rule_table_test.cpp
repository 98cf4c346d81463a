#include "route/rule_table.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "route/target.hpp"

using namespace postern::route;

namespace {

using Templates = std::vector<std::pair<RuleKind, std::string_view>>;

std::vector<Rule> rules_from(const Templates& templates) {
  std::vector<Rule> rules;
  for (const auto& [kind, text] : templates) rules.push_back(std::get<Rule>(parse_rule(text, kind)));
  return rules;
}

struct Found {
  std::string rule;  // "-" when none matches
  std::string user_id;
};

Found find(const RuleTable& table, std::string_view path, std::string_view method = "GET") {
  Target target;
  REQUIRE(target.parse(path) == TargetFault::none);
  const Match match = table.find(method, target.segments());
  return {match.rule == nullptr ? "-" : match.rule->text, std::string(match.user_id)};
}

struct Expected {
  std::string_view path, rule, user_id;
};

void check_all(const RuleTable& table, const std::vector<Expected>& rows) {
  for (const Expected& row : rows) {
    CAPTURE(row.path);
    const Found found = find(table, row.path);
    CHECK(found.rule == row.rule);
    CHECK(found.user_id == row.user_id);
  }
}

const Templates house = {
    {RuleKind::user, "/api/{user_id}/**"},
    {RuleKind::user, "/api/v2/{user_id}/**"},
    {RuleKind::user, "/m/{user_id}"},
    {RuleKind::user, "/{tenant}/of/{user_id}"},
    {RuleKind::any_token, "/api/{name}/shared"},
    {RuleKind::any_token, "/m/{name}/{part}"},
    {RuleKind::any_token, "/m/all"},
    {RuleKind::open, "/api/health"},
    {RuleKind::open, "/m/all/**"},
    {RuleKind::open, "/"},
    {RuleKind::open, "/docs/{page}"},
    {RuleKind::open, "/docs/**"},
};

}  // namespace

TEST_CASE("the most specific rule wins, segment by segment") {
  const RuleTable table(rules_from(house));
  check_all(table, {
                       {"/api/alice", "/api/{user_id}/**", "alice"},
                       {"/api/alice/", "/api/{user_id}/**", "alice"},
                       {"/api/alice/x/y/z", "/api/{user_id}/**", "alice"},
                       {"/api/%61lice/x", "/api/{user_id}/**", "alice"},
                       {"/api", "-", ""},
                       {"/api/", "-", ""},
                       {"/API/alice", "-", ""},
                       {"/api/alice/shared", "/api/{name}/shared", ""},  // parameters rank alike
                       {"/api/health", "/api/health", ""},
                       {"/api/health/x", "/api/{user_id}/**", "health"},  // the literal rule ends before
                       {"/api/Health", "/api/{user_id}/**", "Health"},
                       {"/api/healthy", "/api/{user_id}/**", "healthy"},  // a literal is the whole segment
                       {"/api/healt", "/api/{user_id}/**", "healt"},
                       {"/api/v2/bob", "/api/v2/{user_id}/**", "bob"},
                       {"/api/v2", "/api/{user_id}/**", "v2"},
                       {"/m/bob", "/m/{user_id}", "bob"},
                       {"/m/bob/x", "/m/{name}/{part}", ""},
                       {"/m/bob/x/y", "-", ""},
                       {"/m/all", "/m/all", ""},  // the end before **
                       {"/m/all/x", "/m/all/**", ""},
                       {"/acme/of/bob", "/{tenant}/of/{user_id}", "bob"},
                       {"/api/of/bob", "/api/{user_id}/**", "of"},  // a literal earlier counts more
                       {"/", "/", ""},
                       {"/docs", "/docs/**", ""},
                       {"/docs/a", "/docs/{page}", ""},
                       {"/docs/a/b", "/docs/**", ""},
                       {"/docsx/a/b", "-", ""},
                       {"/docs.json", "-", ""},
                       {"/nowhere", "-", ""},
                   });
}

TEST_CASE("the order of configuration does not matter") {
  const RuleTable reference(rules_from(house));
  std::mt19937 random(7);
  Templates shuffled = house;
  for (int round = 0; round < 50; ++round) {
    std::shuffle(shuffled.begin(), shuffled.end(), random);
    const RuleTable table(rules_from(shuffled));
    REQUIRE(table.rules().size() == reference.rules().size());
    for (std::size_t at = 0; at < table.rules().size(); ++at) {
      CHECK(table.rules()[at].text == reference.rules()[at].text);
    }
  }
}

TEST_CASE("an empty table matches nothing") {
  check_all(RuleTable{}, {{"/", "-", ""}, {"/api/alice", "-", ""}});
}

TEST_CASE("a rule of only ** matches everything that no other rule does") {
  const RuleTable table(rules_from({{RuleKind::open, "/**"}, {RuleKind::user, "/{user_id}/**"}}));
  check_all(table, {{"/", "/**", ""}, {"/alice", "/{user_id}/**", "alice"}});
}

TEST_CASE("duplicates are dropped and the stricter kind stays") {
  const RuleTable table(rules_from({{RuleKind::open, "/a/{x}"},
                                    {RuleKind::any_token, "/a/{y}"},
                                    {RuleKind::any_token, "/a/{z}/"},
                                    {RuleKind::user, "/b/{user_id}"},
                                    {RuleKind::user, "/b/{user_id}/"}}));
  REQUIRE(table.rules().size() == 2);
  CHECK(table.rules()[0].text == "/a/{y}");
  CHECK(table.rules()[1].text == "/b/{user_id}");
}

TEST_CASE("rules of one shape and two kinds are a conflict") {
  struct Row {
    Templates templates;
    std::vector<std::string> conflicts;
    std::string_view why;
  };
  const Row rows[] = {
      {{{RuleKind::any_token, "/a/{x}"}, {RuleKind::open, "/a/{y}"}},
       {"'/a/{x}' is a token path and '/a/{y}' a public one"},
       "names do not count"},
      {{{RuleKind::open, "/a/**"}, {RuleKind::any_token, "/a/**/"}},
       {"'/a/**' is a public path and '/a/**/' a token one"},
       "a trailing slash does not count"},
      {{{RuleKind::any_token, "/a"}, {RuleKind::open, "/a"}, {RuleKind::open, "/a/"}},
       {"'/a' is a token path and '/a' a public one", "'/a' is a token path and '/a/' a public one"},
       "each pair is named"},
      {{{RuleKind::open, "/a/{x}"}, {RuleKind::open, "/a/{y}"}}, {}, "the same kind"},
      {{{RuleKind::user, "/a/{user_id}"}, {RuleKind::open, "/a/{x}"}},
       {"'/a/{user_id}' is a user path and '/a/{x}' a public one"},
       "{user_id} ranks as any parameter"},
      {{{RuleKind::optional, "/a"}, {RuleKind::open, "/a"}},
       {"'/a' is an optional path and '/a' a public one"},
       "an optional path is a kind of its own"},
      {{{RuleKind::any_token, "GET /a"}, {RuleKind::open, "POST|GET /a"}},
       {"'GET /a' is a token path and 'POST|GET /a' a public one"},
       "one method in common"},
      {{{RuleKind::any_token, "GET /a"}, {RuleKind::open, "HEAD /a"}},
       {"'GET /a' is a token path and 'HEAD /a' a public one"},
       "GET covers HEAD"},
      {{{RuleKind::any_token, "GET /a"}, {RuleKind::open, "POST /a"}}, {}, "no method in common"},
      {{{RuleKind::any_token, "GET /a"}, {RuleKind::open, "/a"}}, {}, "with methods before without"},
      {{{RuleKind::user, "/a/{user_id}/{x}"}, {RuleKind::user, "/a/{x}/{user_id}"}},
       {"'/a/{user_id}/{x}' and '/a/{x}/{user_id}' compare different segments of one path"},
       "the one would undo the other"},
      {{{RuleKind::any_token, "/a/{x} {x}=org"}, {RuleKind::any_token, "/a/{x}"}},
       {"'/a/{x} {x}=org' and '/a/{x}' compare different segments of one path"},
       "one of them compares nothing"},
      {{{RuleKind::any_token, "/a/{x} {x}=org"}, {RuleKind::any_token, "/a/{y} {y}=team"}},
       {},
       "the same segment with other claims"},
      {{{RuleKind::any_token, "/a role=x"}, {RuleKind::any_token, "/a role=y"}}, {}, "either suffices"},
      {{{RuleKind::any_token, "/a/**"}, {RuleKind::open, "/a"}}, {}, "the end is more specific"},
      {{{RuleKind::any_token, "/a/b"}, {RuleKind::open, "/a/c"}}, {}, "other literals"},
      {{{RuleKind::any_token, "/a/b"}, {RuleKind::open, "/a/B"}}, {}, "literals are case-sensitive"},
      {{{RuleKind::any_token, "/a/{x}"}, {RuleKind::open, "/a/x"}}, {}, "a literal is more specific"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(RuleTable::conflicts(rules_from(row.templates)) == row.conflicts);
  }
}

TEST_CASE("rules with methods come before those without, and the request line's method chooses") {
  const RuleTable table(rules_from({{RuleKind::any_token, "/a/{x}"},
                                    {RuleKind::open, "GET /a/{y}"},
                                    {RuleKind::user, "PUT|PATCH /a/{user_id}"},
                                    {RuleKind::any_token, "DELETE /b"},
                                    {RuleKind::open, "/**"}}));
  struct Row {
    std::string_view method, path, rule;
  };
  const Row rows[] = {{"GET", "/a/1", "GET /a/{y}"}, {"HEAD", "/a/1", "GET /a/{y}"},
                      {"POST", "/a/1", "/a/{x}"},    {"PATCH", "/a/1", "PUT|PATCH /a/{user_id}"},
                      {"patch", "/a/1", "-"},        {"get", "/a/1", "-"},
                      {"DELETE", "/b", "DELETE /b"}, {"GET", "/b", "/**"}};
  for (const Row& row : rows) {
    CAPTURE(row.method);
    CAPTURE(row.path);
    CHECK(find(table, row.path, row.method).rule == row.rule);
  }
}

TEST_CASE("a path has a rule whatever the method") {
  const RuleTable table(rules_from({{RuleKind::any_token, "DELETE /b"}}));
  CHECK(table.find("OPTIONS", {"b"}).rule == nullptr);
  REQUIRE(table.find_path({"b"}) != nullptr);
  CHECK(table.find_path({"b"})->text == "DELETE /b");
  CHECK(table.find_path({"c"}) == nullptr);
}

TEST_CASE("alternatives are the rules of the same path, kind and method") {
  const RuleTable table(rules_from({{RuleKind::any_token, "GET /a role=x"},
                                    {RuleKind::any_token, "POST /a role=y"},
                                    {RuleKind::any_token, "GET|POST /a role=z"},
                                    {RuleKind::any_token, "/a"},
                                    {RuleKind::any_token, "GET /a role=x"}}));
  CHECK(table.rules().size() == 4);
  const auto all = [&table](std::string_view method) {
    std::vector<std::string> found;
    for (const Rule* rule = table.find(method, {"a"}).rule; rule != nullptr;
         rule = table.alternative(*rule, method)) {
      found.push_back(rule->text);
    }
    return found;
  };
  CHECK(all("GET") == std::vector<std::string>{"GET /a role=x", "GET|POST /a role=z"});
  CHECK(all("POST") == std::vector<std::string>{"POST /a role=y", "GET|POST /a role=z"});
  CHECK(all("PUT") == std::vector<std::string>{"/a"});
}

TEST_CASE("where rules conflict all the same the first one stands alone") {
  const RuleTable table(
      rules_from({{RuleKind::any_token, "/a/{x} {x}=org"}, {RuleKind::any_token, "/a/{x}"}}));
  const Match match = table.find("GET", {"a", "o1"});
  REQUIRE(match.rule != nullptr);
  CHECK(table.alternative(*match.rule, "GET") == nullptr);
}
