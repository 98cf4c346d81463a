#include "route/rule_listing.hpp"

#include <doctest/doctest.h>

#include <variant>

using namespace postern::route;

TEST_CASE("rules are listed most specific first, in columns") {
  const auto rule = [](std::string_view text, RuleKind kind) {
    return std::get<Rule>(parse_rule(text, kind));
  };
  const RuleTable table({rule("/api/{user_id}/**", RuleKind::user), rule("/health", RuleKind::open),
                         rule("POST|GET /api/orgs/{o} {o}=org role=admin", RuleKind::any_token)});
  CHECK(to_text(table) ==
        "token   GET|HEAD|POST  /api/orgs/{o}      {o}=org role=admin\n"
        "user    *              /api/{user_id}/**\n"
        "public  *              /health\n");
  CHECK(to_text(RuleTable{}).empty());
}
