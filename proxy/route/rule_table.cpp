#include "route/rule_table.hpp"

#include <algorithm>
#include <compare>
#include <cstddef>
#include <utility>

namespace postern::route {
namespace {

enum class Rank : std::uint8_t { literal, user_id, wildcard, end, rest };

Rank rank_at(const Rule& rule, std::size_t at) noexcept {
  if (at >= rule.segments.size()) return rule.rest ? Rank::rest : Rank::end;
  switch (rule.segments[at].kind) {
    case Segment::Kind::literal:
      return Rank::literal;
    case Segment::Kind::user_id:
      return Rank::user_id;
    case Segment::Kind::wildcard:
      return Rank::wildcard;
  }
  return Rank::rest;
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
  const auto order = compare_shapes(left, right);
  return order < 0 || (order == 0 && left.kind < right.kind);
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

std::string_view user_id_of(const Rule& rule, const std::vector<std::string_view>& segments) noexcept {
  for (std::size_t at = 0; at < rule.segments.size(); ++at) {
    if (rule.segments[at].kind == Segment::Kind::user_id) return segments[at];
  }
  return {};
}

std::string conflict_text(const Rule& left, const Rule& right) {
  std::string text = "'" + left.text + "' is a ";
  text.append(text_of(left.kind)).append(" path and '").append(right.text);
  return text.append("' a ").append(text_of(right.kind)).append(" one");
}

}  // namespace

std::string_view text_of(RuleKind kind) noexcept {
  switch (kind) {
    case RuleKind::user:
      return "user";
    case RuleKind::any_token:
      return "token";
    case RuleKind::open:
      return "public";
  }
  return "unknown";
}

RuleTable::RuleTable(std::vector<Rule> rules) : rules_(std::move(rules)) {
  std::stable_sort(rules_.begin(), rules_.end(), more_specific);
  const auto same_shape = [](const Rule& left, const Rule& right) {
    return compare_shapes(left, right) == 0;
  };
  rules_.erase(std::unique(rules_.begin(), rules_.end(), same_shape), rules_.end());
}

std::vector<std::string> RuleTable::conflicts(const std::vector<Rule>& rules) {
  std::vector<std::string> found;
  for (auto left = rules.begin(); left != rules.end(); ++left) {
    for (auto right = left + 1; right != rules.end(); ++right) {
      if (left->kind != right->kind && compare_shapes(*left, *right) == 0)
        found.push_back(conflict_text(*left, *right));
    }
  }
  return found;
}

Match RuleTable::find(const std::vector<std::string_view>& segments) const noexcept {
  for (const Rule& rule : rules_) {
    if (matches(rule, segments)) return {&rule, user_id_of(rule, segments)};
  }
  return {};
}

}  // namespace postern::route
