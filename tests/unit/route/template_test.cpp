#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <variant>

#include "route/rule_table.hpp"

using postern::route::parse_template;
using postern::route::Rule;
using postern::route::RuleKind;
using postern::route::Segment;

namespace {

// A rule written out so that a table can hold it: literals as they are, U, W, and ** at the end.
std::string shape_of(const Rule& rule) {
  std::string shape;
  for (const Segment& segment : rule.segments) {
    shape += '/';
    if (segment.kind == Segment::Kind::user_id) shape += 'U';
    if (segment.kind == Segment::Kind::wildcard) shape += 'W';
    shape += segment.literal;
  }
  return rule.rest ? shape + "/**" : shape;
}

}  // namespace

TEST_CASE("a template is read segment by segment") {
  struct Row {
    std::string_view text;
    RuleKind kind;
    std::string_view shape;
  };
  const Row rows[] = {
      {"/api/{user_id}/**", RuleKind::user, "/api/U/**"},
      {"/{user_id}", RuleKind::user, "/U"},
      {"/api/{user_id}/files/{file}", RuleKind::user, "/api/U/files/W"},
      {"/{tenant}/{user_id}", RuleKind::user, "/W/U"},
      {"/api/{user_id}/", RuleKind::user, "/api/U"},
      {"/api/{user_id}/**/", RuleKind::user, "/api/U/**"},
      {"/", RuleKind::open, ""},
      {"/**", RuleKind::open, "/**"},
      {"/health", RuleKind::open, "/health"},
      {"/docs/**", RuleKind::open, "/docs/**"},
      {"/items/{id}", RuleKind::any_token, "/items/W"},
      {"/items/{User_Id}", RuleKind::any_token, "/items/W"},
      {"/items/{user_id2}", RuleKind::any_token, "/items/W"},
      {"/items/{user}", RuleKind::any_token, "/items/W"},
      {"/caf\xC3\xA9/a+b;c", RuleKind::open, "/caf\xC3\xA9/a+b;c"},
      {"/...", RuleKind::open, "/..."},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto parsed = parse_template(row.text, row.kind);
    REQUIRE(std::holds_alternative<Rule>(parsed));
    const Rule& rule = std::get<Rule>(parsed);
    CHECK(shape_of(rule) == row.shape);
    CHECK(rule.text == row.text);
    CHECK(rule.kind == row.kind);
  }
}

TEST_CASE("a template that could mean something else is refused with a reason") {
  struct Row {
    std::string_view text;
    RuleKind kind;
    std::string_view says;  // part of the reason
  };
  const Row rows[] = {
      {"", RuleKind::open, "begin with '/'"},
      {"health", RuleKind::open, "begin with '/'"},
      {" /health", RuleKind::open, "begin with '/'"},
      {"http://h/health", RuleKind::open, "begin with '/'"},
      {"//", RuleKind::open, "empty segment"},
      {"//a", RuleKind::open, "empty segment"},
      {"/a//b", RuleKind::open, "empty segment"},
      {"/a//", RuleKind::open, "empty segment"},
      {"/a//**", RuleKind::open, "empty segment"},
      {"/a/./b", RuleKind::open, "dot segment"},
      {"/a/..", RuleKind::open, "dot segment"},
      {"/a%20b", RuleKind::open, "'%'"},
      {"/a?b", RuleKind::open, "'?'"},
      {"/a#b", RuleKind::open, "'#'"},
      {"/a\\b", RuleKind::open, "'\\'"},
      {"/a b", RuleKind::open, "white space"},
      {"/a\t", RuleKind::open, "white space"},
      {"/a\x7F", RuleKind::open, "control character"},
      {"/a\xC2\x85", RuleKind::open, "control character"},
      {"/a\xFF", RuleKind::open, "UTF-8"},
      {"/a/**/b", RuleKind::open, "only at the end"},
      {"/**/**", RuleKind::open, "only at the end"},
      {"/a/*", RuleKind::open, "'*'"},
      {"/a/***", RuleKind::open, "'*'"},
      {"/a*", RuleKind::open, "'*'"},
      {"/a**", RuleKind::open, "'*'"},
      {"/a/x{id}", RuleKind::open, "whole segments"},
      {"/a/{id}x", RuleKind::open, "whole segments"},
      {"/a/{id", RuleKind::open, "whole segments"},
      {"/a/id}", RuleKind::open, "whole segments"},
      {"/a/{}", RuleKind::open, "name"},
      {"/a/{p:path}", RuleKind::open, "name"},
      {"/a/{x}{y}", RuleKind::open, "name"},
      {"/a/{user-id}", RuleKind::user, "name"},
      {"/api/**", RuleKind::user, "{user_id} exactly once"},
      {"/api/{userid}", RuleKind::user, "{user_id} exactly once"},
      {"/api/{USER_ID}", RuleKind::user, "{user_id} exactly once"},
      {"/api/{user_id2}", RuleKind::user, "{user_id} exactly once"},
      {"/api/{user_}", RuleKind::user, "{user_id} exactly once"},
      {"/{user_id}/{user_id}", RuleKind::user, "{user_id} exactly once"},
      {"/api/{user_id}/**", RuleKind::any_token, "only in a user path"},
      {"/api/{user_id}/**", RuleKind::open, "only in a user path"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto parsed = parse_template(row.text, row.kind);
    REQUIRE(std::holds_alternative<std::string>(parsed));
    const std::string& problem = std::get<std::string>(parsed);
    CAPTURE(problem);
    CHECK(problem.find(row.says) != std::string::npos);
  }
}
