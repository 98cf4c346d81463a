#include "route/rule_table.hpp"

#include <algorithm>
#include <compare>
#include <cstdint>
#include <utility>

namespace postern::route {
namespace {

enum class Rank : std::uint8_t { literal, parameter, end, rest };

Rank rank_at(const Rule& rule, std::size_t at) noexcept {
  if (at >= rule.segments.size()) return rule.rest ? Rank::rest : Rank::end;
  return rule.segments[at].kind == Segment::Kind::literal ? Rank::literal : Rank::parameter;
}

// Less is more specific; equal is the same shape. The order among different literals is of no consequence: no
// path matches both.
std::strong_ordering compare_shapes(const Rule& left, const Rule& right) noexcept {
  const std::size_t positions = std::max(left.segments.size(), right.segments.size()) + 1;
  for (std::size_t at = 0; at < positions; ++at) {
    const Rank rank = rank_at(left, at);
    if (const auto order = rank <=> rank_at(right, at); order != 0) return order;
    if (rank != Rank::literal) continue;
    if (const int order = left.segments[at].literal.compare(right.segments[at].literal); order != 0)
      return order <=> 0;
  }
  return std::strong_ordering::equal;
}

bool more_specific(const Rule& left, const Rule& right) noexcept {
  if (const auto order = compare_shapes(left, right); order != 0) return order < 0;
  if (left.methods.empty() != right.methods.empty()) return right.methods.empty();
  return left.kind < right.kind;
}

bool share_a_method(const Rule& left, const Rule& right) noexcept {
  if (left.methods.empty() || right.methods.empty()) return left.methods.empty() == right.methods.empty();
  return std::any_of(left.methods.begin(), left.methods.end(),
                     [&right](const std::string& method) { return right.covers_method(method); });
}

bool same_conditions(const Rule& left, const Rule& right) noexcept {
  return std::equal(left.conditions.begin(), left.conditions.end(), right.conditions.begin(),
                    right.conditions.end(),
                    [](const Condition& a, const Condition& b) { return a.same_as(b); });
}

// `right` stands behind `left` and decides nothing that `left` does not.
bool repeats(const Rule& left, const Rule& right) {
  return same_shape(left, right) && left.methods == right.methods &&
         (left.kind != right.kind ||
          (same_conditions(left, right) && left.compared_segments() == right.compared_segments()));
}

// Conflicting rules never get here by configuration; where they do, the first one stands alone.
bool is_alternative(const Rule& left, const Rule& right) {
  return left.kind == right.kind && left.methods.empty() == right.methods.empty() &&
         left.compared_segments() == right.compared_segments();
}

std::string_view user_id_of(const Rule& rule, const std::vector<std::string_view>& segments) noexcept {
  for (std::size_t at = 0; at < rule.segments.size(); ++at) {
    if (rule.segments[at].kind == Segment::Kind::user_id) return segments[at];
  }
  return {};
}

std::string conflict_text(const Rule& left, const Rule& right) {
  std::string text = "'" + left.text;
  if (left.kind == right.kind) {
    return text.append("' and '").append(right.text).append("' compare different segments of one path");
  }
  text.append(left.kind == RuleKind::optional ? "' is an " : "' is a ");
  text.append(text_of(left.kind)).append(" path and '").append(right.text);
  return text.append(right.kind == RuleKind::optional ? "' an " : "' a ")
      .append(text_of(right.kind))
      .append(" one");
}

bool matches(const Rule& rule, const std::vector<std::string_view>& segments) noexcept {
  const std::size_t size = rule.segments.size();
  if (rule.rest ? segments.size() < size : segments.size() != size) return false;
  for (std::size_t at = 0; at < size; ++at) {
    const Segment& expected = rule.segments[at];
    if (expected.kind == Segment::Kind::literal && expected.literal != segments[at]) return false;
  }
  return true;
}

}  // namespace

bool same_shape(const Rule& left, const Rule& right) noexcept {
  return compare_shapes(left, right) == 0;
}

bool matches_path(const Rule& rule, const std::vector<std::string_view>& segments) noexcept {
  return matches(rule, segments);
}

RuleTable::RuleTable(std::vector<Rule> rules) {
  std::stable_sort(rules.begin(), rules.end(), more_specific);
  for (Rule& rule : rules) {
    const bool said = std::any_of(rules_.begin(), rules_.end(),
                                  [&rule](const Rule& before) { return repeats(before, rule); });
    if (!said) rules_.push_back(std::move(rule));
  }
  next_.resize(rules_.size());
  for (std::size_t at = 0; at < rules_.size(); ++at) {
    for (std::size_t next = at + 1; next < rules_.size() && same_shape(rules_[at], rules_[next]); ++next) {
      if (!is_alternative(rules_[at], rules_[next])) continue;
      next_[at] = next;
      break;
    }
  }
}

std::vector<std::string> RuleTable::conflicts(const std::vector<Rule>& rules) {
  std::vector<std::string> found;
  for (auto left = rules.begin(); left != rules.end(); ++left) {
    for (auto right = left + 1; right != rules.end(); ++right) {
      if (!same_shape(*left, *right) || !share_a_method(*left, *right)) continue;
      if (left->kind != right->kind || left->compared_segments() != right->compared_segments())
        found.push_back(conflict_text(*left, *right));
    }
  }
  return found;
}

Match RuleTable::find(std::string_view method, const std::vector<std::string_view>& segments) const noexcept {
  for (const Rule& rule : rules_) {
    if (!matches(rule, segments)) continue;
    if (rule.methods.empty() || rule.covers_method(method)) return {&rule, user_id_of(rule, segments)};
    // "delete" is not DELETE (RFC 9110 9.1), but a service that folds letters runs it as such: what guards
    // the one must not be escaped by the other, so that no rule speaks for it.
    if (rule.almost_covers_method(method)) return {};
  }
  return {};
}

const Rule* RuleTable::find_path(const std::vector<std::string_view>& segments) const noexcept {
  for (const Rule& rule : rules_) {
    if (matches(rule, segments)) return &rule;
  }
  return nullptr;
}

const Rule* RuleTable::alternative(const Rule& rule, std::string_view method) const noexcept {
  for (std::size_t at = next_[static_cast<std::size_t>(&rule - rules_.data())]; at != 0; at = next_[at]) {
    if (rules_[at].covers_method(method)) return &rules_[at];
  }
  return nullptr;
}

}  // namespace postern::route
