// A rule either is refused with words or matches its own literal text with its own methods. Its text is a
// rule again, and the same one.

#include "require.hpp"
#include "route/rule_table.hpp"

using namespace postern;
using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  for (const auto kind : {route::RuleKind::user, route::RuleKind::any_token, route::RuleKind::optional,
                          route::RuleKind::open}) {
    auto parsed = route::parse_rule(text, kind);
    if (const auto* problem = std::get_if<std::string>(&parsed)) {
      require(!problem->empty(), "a refusal has words");
      continue;
    }
    const auto rule = std::get<route::Rule>(std::move(parsed));
    std::vector<std::string_view> segments;
    unsigned users = 0;
    for (const auto& segment : rule.segments) {
      segments.push_back(segment.kind == route::Segment::Kind::literal ? std::string_view(segment.literal)
                                                                       : "alice");
      if (segment.kind == route::Segment::Kind::user_id) ++users;
    }
    require(users == (kind == route::RuleKind::user ? 1U : 0U), "{user_id} stands in user rules only, once");
    for (const auto& condition : rule.conditions) {
      require(route::needs_token(kind) && !condition.claim.empty(), "a condition is on a token's claim");
      require(condition.kind == route::Condition::Kind::claim_is ? !condition.value.empty()
                                                                 : condition.segment < segments.size(),
              "a condition compares something");
    }
    const auto again = route::parse_rule(rule.text, kind);
    require(std::holds_alternative<route::Rule>(again) && std::get<route::Rule>(again).text == rule.text,
            "a rule's text is the rule");
    const route::RuleTable table({rule});
    const std::string_view method = rule.methods.empty() ? std::string_view("GET") : rule.methods.front();
    const auto match = table.find(method, segments);
    require(match.rule != nullptr, "a rule matches what it says");
    require(kind != route::RuleKind::user || match.user_id == "alice", "the user segment is found");
  }
  return 0;
}
