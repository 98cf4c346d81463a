#include "route/rule_warnings.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

using namespace postern::route;

namespace {

using Texts = std::vector<std::pair<RuleKind, std::string_view>>;

std::vector<std::string> warnings_of(const Texts& texts) {
  std::vector<Rule> rules;
  for (const auto& [kind, text] : texts) rules.push_back(std::get<Rule>(parse_rule(text, kind)));
  return rule_warnings(rules);
}

const std::pair<RuleKind, std::string_view> usual = {RuleKind::user, "/api/{user_id}/**"};

}  // namespace

TEST_CASE("what is odd about rules is told, a sentence for each finding") {
  struct Row {
    Texts rules;
    std::vector<std::string> warnings;
  };
  const Row rows[] = {
      {{usual}, {}},
      {{usual, {RuleKind::open, "/health"}, {RuleKind::any_token, "/shared/**"}}, {}},
      {{usual, {RuleKind::any_token, "/api/**"}},
       {"the token path '/api/**' is hidden: below it the user path '/api/{user_id}/**' decides"}},
      {{usual, {RuleKind::open, "/api/**"}, {RuleKind::any_token, "/api"}},
       {"the public path '/api/**' is never used: '/api' is more specific"}},
      {{{RuleKind::any_token, "/a"},
        {RuleKind::any_token, "/a/{x}"},
        {RuleKind::any_token, "/a/{x}/{y}/**"},
        {RuleKind::open, "/a/**"}},
       {"the public path '/a/**' is never used: '/a' is more specific"}},
      {{{RuleKind::any_token, "/a"}, {RuleKind::any_token, "/a/{x}/{y}/**"}, {RuleKind::open, "/a/**"}}, {}},
      {{{RuleKind::any_token, "TRACE /a"}},
       {"the token path 'TRACE /a' is never used: CONNECT and TRACE are refused before any rule"}},
      {{{RuleKind::any_token, "/a role=x"}, {RuleKind::any_token, "/a"}},
       {"the token path '/a role=x' adds nothing: '/a' suffices and asks for less"}},
      {{{RuleKind::any_token, "/a role=x"}, {RuleKind::any_token, "/a role=y"}}, {}},
      {{{RuleKind::any_token, "POST /a role=x"}, {RuleKind::any_token, "/a"}}, {}},
      {{usual, {RuleKind::user, "/api/v2/{user_id}/**"}},
       {"the paths '/api/v2/{user_id}/**' and '/api/{user_id}/**' overlap: no user may have the id 'v2'"}},
      {{usual, {RuleKind::open, "/api/health"}},
       {"the paths '/api/health' and '/api/{user_id}/**' overlap: no user may have the id 'health'"}},
      {{usual, {RuleKind::any_token, "/api/{any}/reports"}},
       {"the token path '/api/{any}/reports' now decides where version 0.1.0 chose the user path "
        "'/api/{user_id}/**'"}},
      {{{RuleKind::user, "/{user_id}/a/**"}, {RuleKind::user, "/{x}/a/{user_id}"}},
       {"the user path '/{x}/a/{user_id}' now decides where version 0.1.0 chose the user path "
        "'/{user_id}/a/**'"}},
      {{usual, {RuleKind::user, "DELETE /api/{user_id}/x role=admin"}},
       {"the user path 'DELETE /api/{user_id}/x role=admin' guards its own methods only: the others reach "
        "these paths through the user path '/api/{user_id}/**'"}},
      {{{RuleKind::any_token, "POST /notes/{id}"}, {RuleKind::open, "/notes/**"}},
       {"the token path 'POST /notes/{id}' guards its own methods only: the others reach these paths through "
        "the public path '/notes/**'"}},
      {{{RuleKind::open, "GET /notes/{id}"}, {RuleKind::any_token, "/notes/**"}}, {}},
      {{{RuleKind::any_token, "POST /notes"}, {RuleKind::open, "/notes"}}, {}},
      {{{RuleKind::any_token, "/a email=root@x.test"}},
       {"the token path '/a email=root@x.test' has the condition 'email=root@x.test', but users write email "
        "themselves"}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.rules.back().second);
    CHECK(warnings_of(row.rules) == row.warnings);
  }
}
