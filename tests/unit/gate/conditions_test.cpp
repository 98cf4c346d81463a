#include "gate/conditions.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <variant>

#include "claim_values.hpp"

using namespace postern;
using namespace postern::gate;
using namespace postern::gate::test;

namespace {

route::Rule token_rule(std::string_view text) {
  return std::get<route::Rule>(route::parse_rule(text, route::RuleKind::any_token));
}

const std::vector<ClaimText> two = {text("a"), text("b,c")}, mixed = {number("7"), flag("true")}, none = {};

}  // namespace

TEST_CASE("claim=value holds for the very text, and for lists of it") {
  struct Row {
    std::string_view condition;
    ClaimValue claim;
    bool holds;
    std::string_view why;
  };
  const Row rows[] = {
      {"x=admin", string("admin"), true, "the string"},
      {"x=admin", string("Admin"), false, "another case"},
      {"x=admin", string("admin "), false, "nothing is trimmed"},
      {"x=admin", string("administrator"), false, "a longer one"},
      {"x=admin", string("adm"), false, "a shorter one"},
      {"x=admin", string(""), false, "an empty one"},
      {"x=admin", string("user,admin"), false, "only role is a list with commas"},
      {"x=admin", string("user admin"), false, "only scope is a list with spaces"},
      {"x=\xC3\xA9", string("e\xCC\x81"), false, "another Unicode form"},
      {"x=true", boolean("true"), true, "a boolean"},
      {"x=true", string("true"), true, "the string true"},
      {"x=True", boolean("true"), false, "as JSON writes it"},
      {"x=7", integer("7"), true, "an integer"},
      {"x=7", string("7"), true, "the string 7"},
      {"x=07", integer("7"), false, "no leading zero"},
      {"x=+7", integer("7"), false, "no sign"},
      {"x=7.0", integer("7"), false, "no fraction"},
      {"x=-7", integer("-7"), true, "a minus"},
      {"x=a", list(two), true, "an array that holds it"},
      {"x=c", list(two), false, "members are not split"},
      {"x=7", list(mixed), true, "an integer in an array"},
      {"x=true", list(mixed), true, "a boolean in an array"},
      {"x=a", list(none), false, "an empty array"},
      {"x=null", other(), false, "null is no text"},
      {"x=a", absent(), false, "no such claim"},
      {"scope=read", string("read"), true, "a scope alone"},
      {"scope=read", string("openid read write"), true, "one of the scopes"},
      {"scope=read", string("read:all readx"), false, "none of the scopes"},
      {"scope=read", string("read,write"), false, "scopes have spaces between"},
      {"scope=read", string("  read "), true, "empty elements are nothing"},
      {"scope=a", list(two), true, "scopes in an array"},
      {"role=admin", string("user,admin"), true, "one of the roles"},
      {"role=admin", string("user, admin"), false, "nothing is trimmed"},
      {"role=admin", string("user admin"), false, "roles have commas between"},
      {"role=c", list(two), false, "an array's members are not split"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.condition);
    CAPTURE(row.why);
    const route::Rule rule = token_rule("/a " + std::string(row.condition));
    const std::array<ClaimValue, 1> claims = {row.claim};
    CHECK(holds(rule.conditions[0], claims, {}) == row.holds);
  }
}

TEST_CASE("{name}=claim holds for the very segment, and for arrays of it") {
  struct Row {
    std::string_view segment;
    ClaimValue claim;
    bool holds;
    std::string_view why;
  };
  const Row rows[] = {
      {"o1", string("o1"), true, "the string"},
      {"o1", string("o1 o2"), false, "no list"},
      {"O1", string("o1"), false, "another case"},
      {"7", integer("7"), true, "an integer"},
      {"07", integer("7"), false, "another spelling of it"},
      {"true", boolean("true"), false, "a boolean names nothing"},
      {"true", list(mixed), false, "nor does one in an array"},
      {"7", list(mixed), true, "an integer in an array"},
      {"a", list(two), true, "a string in an array"},
      {"b", list(two), false, "members are not split"},
      {"", string(""), true, "no path has an empty segment"},
      {"o1", other(), false, "an object"},
      {"o1", absent(), false, "no such claim"},
  };
  const route::Rule rule = token_rule("/orgs/{org}/{scope} {org}=role {scope}=scope");
  for (const Row& row : rows) {
    CAPTURE(row.why);
    const std::array<ClaimValue, 1> claims = {row.claim};
    const std::array<std::string_view, 3> segments = {"orgs", row.segment, "x"};
    CHECK(holds(rule.conditions[0], claims, segments) == row.holds);
  }
}

TEST_CASE("what cannot be looked up does not hold") {
  const route::Rule rule = token_rule("/{o} {o}=org");
  const std::array<ClaimValue, 1> claims = {string("o1")};
  CHECK_FALSE(holds(rule.conditions[0], {}, std::array<std::string_view, 1>{"o1"}));
  CHECK_FALSE(holds(rule.conditions[0], claims, {}));
}

TEST_CASE("all conditions of a rule must hold, and the first that does not is told") {
  route::Rule rule = token_rule("/a x=1 y=2");
  rule.conditions[1].kept = 1;
  const std::array<ClaimValue, 2> good = {string("1"), string("2")}, bad = {string("1"), string("3")};
  CHECK(unmet_condition(rule, good, {}) == nullptr);
  REQUIRE(unmet_condition(rule, bad, {}) != nullptr);
  CHECK(unmet_condition(rule, bad, {})->text == "y=2");
  CHECK(unmet_condition(token_rule("/a"), {}, {}) == nullptr);
}
