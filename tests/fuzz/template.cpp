// A template either is refused with words or matches its own literal text.

#include "require.hpp"
#include "route/rule_table.hpp"

using namespace postern;
using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  for (const auto kind : {route::RuleKind::user, route::RuleKind::any_token, route::RuleKind::open}) {
    auto parsed = route::parse_template(text, kind);
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
    const route::RuleTable table({rule});
    const auto match = table.find(segments);
    require(match.rule != nullptr, "a rule matches what it says");
    require(kind != route::RuleKind::user || match.user_id == "alice", "the user segment is found");
  }
  return 0;
}
