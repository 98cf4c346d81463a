#include "gate/conditions.hpp"

#include <algorithm>

namespace postern::gate {
namespace {

using token::ClaimText;
using token::ClaimValue;

// Empty elements are no elements: `value` is never empty.
bool list_holds(std::string_view list, char separator, std::string_view value) noexcept {
  while (true) {
    const std::size_t end = std::min(list.find(separator), list.size());
    if (list.substr(0, end) == value) return true;
    if (end == list.size()) return false;
    list.remove_prefix(end + 1);
  }
}

bool claim_is(const route::Condition& condition, const ClaimValue& claim) noexcept {
  switch (claim.kind) {
    case ClaimValue::Kind::string:
      if (condition.claim == "scope") return list_holds(claim.text, ' ', condition.value);
      if (condition.claim == "role") return list_holds(claim.text, ',', condition.value);
      return claim.text == condition.value;
    case ClaimValue::Kind::integer:
    case ClaimValue::Kind::boolean:
      return claim.text == condition.value;
    case ClaimValue::Kind::list:
      return std::any_of(claim.list.begin(), claim.list.end(),
                         [&condition](const ClaimText& one) { return one.text == condition.value; });
    case ClaimValue::Kind::absent:
    case ClaimValue::Kind::other:
      break;
  }
  return false;
}

bool segment_is(std::string_view segment, const ClaimValue& claim) noexcept {
  switch (claim.kind) {
    case ClaimValue::Kind::string:
    case ClaimValue::Kind::integer:
      return claim.text == segment;
    case ClaimValue::Kind::list:
      return std::any_of(claim.list.begin(), claim.list.end(), [segment](const ClaimText& one) {
        return one.kind != ClaimText::Kind::boolean && one.text == segment;
      });
    case ClaimValue::Kind::absent:
    case ClaimValue::Kind::boolean:
    case ClaimValue::Kind::other:
      break;
  }
  return false;
}

}  // namespace

bool holds(const route::Condition& condition, std::span<const ClaimValue> claims,
           std::span<const std::string_view> segments) noexcept {
  if (condition.kept >= claims.size()) return false;
  const ClaimValue& claim = claims[condition.kept];
  if (condition.kind == route::Condition::Kind::claim_is) return claim_is(condition, claim);
  return condition.segment < segments.size() && segment_is(segments[condition.segment], claim);
}

const route::Condition* unmet_condition(const route::Rule& rule, std::span<const ClaimValue> claims,
                                        std::span<const std::string_view> segments) noexcept {
  for (const route::Condition& condition : rule.conditions) {
    if (!holds(condition, claims, segments)) return &condition;
  }
  return nullptr;
}

}  // namespace postern::gate
