#include "openapi/suggest.hpp"

#include <doctest/doctest.h>

#include <random>

#include "openapi/coverage.hpp"
#include "rules.hpp"

using namespace postern;
using namespace postern::openapi;
using namespace postern::openapi::test;
using route::RuleKind;

namespace {

const Texts usual = {
    {RuleKind::user, "/api/{user_id}/**"}, {RuleKind::open, "/health"}, {RuleKind::open, "/public/**"}};

void add(const std::string& list, RuleKind kind, std::vector<route::Rule>& rules) {
  std::string_view rest = list;
  while (!rest.empty() && list != "off") {
    const std::size_t end = std::min(rest.find(','), rest.size());
    auto rule = route::parse_rule(rest.substr(0, end), kind);
    CAPTURE(rest);
    REQUIRE(std::holds_alternative<route::Rule>(rule));
    rules.push_back(std::get<route::Rule>(std::move(rule)));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
}

// The suggestion, read as the variables are.
route::RuleTable fed_back(const Suggestion& suggestion) {
  std::vector<route::Rule> rules;
  add(suggestion.user_paths, RuleKind::user, rules);
  add(suggestion.token_paths, RuleKind::any_token, rules);
  add(suggestion.optional_paths, RuleKind::optional, rules);
  add(suggestion.public_paths, RuleKind::open, rules);
  CHECK(route::RuleTable::conflicts(rules).empty());
  return route::RuleTable(std::move(rules));
}

std::size_t holes_after(const std::vector<Operation>& operations, const route::RuleTable& table) {
  const Suggestion suggestion = suggest(operations, table, "uid");
  const route::RuleTable again = fed_back(suggestion);
  return holes_in(cover(operations, again));
}

}  // namespace

TEST_CASE("what is suggested for the three services leaves no hole, whatever the rules were") {
  for (const char* name : {"tidy", "holes", "nested"}) {
    CAPTURE(name);
    const auto operations = document(name);
    CHECK(holes_after(operations, table_of(usual)) == 0);
    CHECK(holes_after(operations, table_of({})) == 0);
    CHECK(holes_after(operations, table_of({{RuleKind::open, "/**"}})) == 0);
    CHECK(holes_after(operations, table_of({{RuleKind::any_token, "/**"}})) == 0);
  }
}

TEST_CASE("rules that guard well stay, and new ones are as few as will do") {
  CHECK(to_text(suggest(document("tidy"), table_of(usual), "uid")) ==
        "POSTERN_USER_PATHS=/api/{user_id}/**\nPOSTERN_PUBLIC_PATHS=/health\n");
  CHECK(to_text(suggest(document("tidy"), table_of({}), "uid")) ==
        "POSTERN_USER_PATHS=/api/{user_id}/**\nPOSTERN_PUBLIC_PATHS=GET /health\n");
  CHECK(to_text(suggest(gets({"/api/{user_id}", "/api/search", "/orgs/{o}"}),
                        table_of({{RuleKind::user, "/api/{user_id}/**"},
                                  {RuleKind::any_token, "/orgs/{x} {x}=org"},
                                  {RuleKind::any_token, "/orgs/{x} {x}=team"}}),
                        "uid")) ==
        "POSTERN_USER_PATHS=/api/{user_id}/**\n"
        "POSTERN_TOKEN_PATHS=/api/search,/orgs/{x} {x}=org,/orgs/{x} {x}=team\n");
}

TEST_CASE("a second user in a path is compared too, and told") {
  const Suggestion suggestion = suggest(gets({"/users/{owner_id}/followers/{user_id}"}), table_of({}), "sub");
  CHECK(suggestion.user_paths == "/users/{user_id}/followers/{user_id_3} {user_id_3}=sub");
  REQUIRE(suggestion.notes.size() == 1);
  CHECK(suggestion.notes[0].find("names two users") != std::string::npos);
}

TEST_CASE("a path that no request can have is told and needs no rule") {
  const auto operations = gets({"/a//b", "/a"});
  const Suggestion suggestion = suggest(operations, table_of({}), "uid");
  CHECK(suggestion.user_paths == "off");
  CHECK(suggestion.token_paths == "/a");
  CHECK(suggestion.notes.size() == 1);
}

TEST_CASE("what cannot be written in a template becomes a parameter") {
  CHECK(suggest(gets({"/a b/{x:y}/c,d/{z}.json"}), table_of({}), "uid").token_paths ==
        "/{part_0}/{x_y}/{part_2}/{part_3}");
}

TEST_CASE("made-up services are covered as well") {
  std::mt19937 random(11);
  const std::vector<std::string> words = {"api",     "a",     "{user_id}", "{x}",
                                          "{owner}", "b.{y}", "me",        "{user_id}.csv"};
  const char* const methods[] = {"get", "put", "post", "delete", "head"};
  for (int round = 0; round < 300; ++round) {
    std::string text = R"({"openapi":"3.1.0","paths":{)";
    for (int path = 0; path < 8; ++path) {
      text += path == 0 ? "\"" : ",\"";
      for (std::size_t left = 1 + random() % 4; left > 0; --left)
        text += "/" + words[random() % words.size()];
      text += "\":{";
      const std::size_t first = random() % 5, second = (first + 1 + random() % 4) % 5;
      text.append("\"").append(methods[first]).append("\":{},\"");
      text.append(methods[second]).append("\":{\"requestBody\":{}}}");
    }
    CAPTURE(text);
    const auto operations = operations_of(text + "}}");
    const route::RuleTable table = round % 2 == 0 ? table_of(usual) : table_of({});
    CHECK(holes_after(operations, table) == 0);
  }
}
