#include "openapi/coverage.hpp"

#include <doctest/doctest.h>

#include "openapi/listing.hpp"
#include "rules.hpp"

using namespace postern;
using namespace postern::openapi;
using namespace postern::openapi::test;
using route::RuleKind;

namespace {

const std::pair<RuleKind, std::string_view> usual = {RuleKind::user, "/api/{user_id}/**"};

}  // namespace

TEST_CASE("parameters that name a user are known by their words") {
  for (const char* name :
       {"user_id", "userId", "USER_ID", "user", "uid", "userid", "username", "user_name", "owner", "owner_id",
        "ownerId", "target-user-uuid", "account_id", "customerKey", "sub"}) {
    CAPTURE(name);
    CHECK(names_a_user(name));
  }
  for (const char* name :
       {"id", "task_id", "org_id", "user_group_id", "superuserland", "uid_map", "name", "", "_"}) {
    CAPTURE(name);
    CHECK_FALSE(names_a_user(name));
  }
}

TEST_CASE("each operation has the rule that matches all of its paths, and a hole where that is not enough") {
  struct Row {
    std::string path;
    Texts rules;
    std::string_view rule;
    Hole hole;
    std::string_view why;
  };
  const Row rows[] = {
      {"/api/{user_id}/x", {usual}, "/api/{user_id}/**", Hole::none, "compared"},
      {"/x", {usual}, "-", Hole::unreached, "no rule"},
      {"/api/{user_id}/x",
       {{RuleKind::user, "/api/{user_id}/{x}"}},
       "/api/{user_id}/{x}",
       Hole::none,
       "a parameter matches a literal"},
      {"/a/{x}", {{RuleKind::any_token, "/a/b"}}, "-", Hole::unreached, "some of its paths only"},
      {"/a/{x}",
       {{RuleKind::any_token, "/a/b"}, {RuleKind::open, "/a/**"}},
       "/a/**",
       Hole::none,
       "the rule for all of its paths"},
      {"/a/{x}", {{RuleKind::any_token, "POST /a/{x}"}}, "-", Hole::unreached, "another method"},
      {"/api/{org}/{user_id}", {usual}, "/api/{user_id}/**", Hole::uncompared, "another place"},
      {"/a/{user_id}", {{RuleKind::any_token, "/a/{x}"}}, "/a/{x}", Hole::uncompared, "any token will do"},
      {"/a/{user_id}", {{RuleKind::open, "/a/**"}}, "/a/**", Hole::uncompared, "public"},
      {"/a/{user_id}",
       {{RuleKind::any_token, "/a/{x} {x}=sub"}},
       "/a/{x} {x}=sub",
       Hole::none,
       "compared with a claim"},
      {"/a/{user_id}/{owner}",
       {{RuleKind::user, "/a/{user_id}/**"}},
       "/a/{user_id}/**",
       Hole::uncompared,
       "one of two"},
      {"/a/{user_id}.json",
       {{RuleKind::any_token, "/a/{x}"}},
       "/a/{x}",
       Hole::uncompared,
       "a part of a segment"},
      {"/a/x.{y}",
       {{RuleKind::any_token, "/a/x.csv"}},
       "-",
       Hole::unreached,
       "a mixed segment is no literal"},
      {"/a//b", {{RuleKind::open, "/**"}}, "-", Hole::unreached, "no request has this path"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    const auto operations = gets({row.path});
    const auto table = table_of(row.rules);
    const auto coverage = cover(operations, table);
    REQUIRE(coverage.size() == 1);
    CHECK((coverage[0].rule == nullptr ? "-" : coverage[0].rule->text) == row.rule);
    CHECK(text_of(coverage[0].hole) == text_of(row.hole));
  }
}

TEST_CASE("a public operation with a body is a hole") {
  const auto operations =
      operations_of(R"({"openapi":"3.1.0","paths":{"/a":{"post":{"requestBody":{}},"put":{}}}})");
  for (const auto& [kind, hole] :
       {std::pair{RuleKind::open, Hole::public_write}, {RuleKind::optional, Hole::none}}) {
    const auto table = table_of({{kind, "/a"}});
    const auto coverage = cover(operations, table);
    CHECK(text_of(coverage[0].hole) == "");
    CHECK(text_of(coverage[1].hole) == text_of(hole));
    CHECK(holes_in(coverage) == (hole == Hole::none ? 0 : 1));
  }
}

TEST_CASE("a literal that is compared with the uid is told") {
  const auto operations = gets({"/api/search", "/api/{user_id}"});
  const auto table = table_of({usual});
  const auto coverage = cover(operations, table);
  CHECK(coverage[0].compared_literal == "search");
  CHECK(coverage[1].compared_literal.empty());
  CHECK(to_table(coverage).find("compares 'search' with the uid") != std::string::npos);
}

TEST_CASE("the listing for programs has the members that it promises") {
  const auto operations = gets({"/api/{user_id}/x", "/orgs/{o}", "/y"});
  const auto table = table_of({usual, {RuleKind::any_token, "GET|PUT /orgs/{x} {x}=org role=admin"}});
  CHECK(
      to_json(cover(operations, table)) ==
      R"({"operations":[{"method":"GET","path":"/api/{user_id}/x","kind":"user","rule":"/api/{user_id}/**",)"
      R"("conditions":[],"hole":null},{"method":"GET","path":"/orgs/{o}","kind":"token",)"
      R"("rule":"GET|PUT /orgs/{x}","conditions":["{x}=org","role=admin"],"hole":null},)"
      R"({"method":"GET","path":"/y","kind":null,"rule":null,"conditions":[],"hole":"unreached"}],"holes":1})"
      "\n");
}

TEST_CASE("the listing for people shows security in brackets and no control character") {
  const auto operations =
      operations_of(R"({"openapi":"3.1.0","paths":{"/a\u001b[2J":{"get":{"security":[{"key":[]}]}}}})");
  const auto table = table_of({});
  CHECK(to_table(cover(operations, table)) == "unreached  GET  /a?[2J  -  [key]\n");
}

TEST_CASE("the three services have the holes that were made in them") {
  const auto usual_table = table_of({usual, {RuleKind::open, "/health"}, {RuleKind::open, "/public/**"}});
  const auto holes = [&](const std::string& name) {
    const auto operations = document(name);
    std::vector<std::string> found;
    for (const Coverage& row : cover(operations, usual_table)) {
      if (row.hole != Hole::none)
        found.push_back(row.operation->method + " " + row.operation->path + " " +
                        std::string(text_of(row.hole)));
    }
    return found;
  };
  CHECK(holes("tidy").empty());
  CHECK(holes("holes") ==
        std::vector<std::string>{"GET /api/orgs/{org_id}/members/{userId} uncompared",
                                 "PUT /accounts/{account_id}/settings unreached",
                                 "GET /users/{owner_id}/followers/{user_id} unreached",
                                 "POST /public/feedback public-write", "GET /items/{item_id} unreached",
                                 "DELETE /items/{user_name} unreached",
                                 "GET /reports/{year}-{month}.csv unreached", "GET /healthz unreached"});
  CHECK(holes("nested").size() == 6);
}
