#pragma once
// The table of rules that finds the most specific one for a method and a path.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "route/rule.hpp"

namespace postern::route {

struct Match {
  const Rule* rule = nullptr;  // null: no rule matches; owned by the table
  std::string_view user_id;  // the decoded {user_id} segment of a user rule, a view of the segments searched
};

class RuleTable {
 public:
  RuleTable() = default;
  // Sorted most specific first, segment by segment: literal, parameter ({user_id} as any other), the end,
  // "**"; of the same shape the rules with methods before those without. Of rules that conflict the strictest
  // kind counts: user, token, optional, public. Rules that say the same twice are dropped.
  explicit RuleTable(std::vector<Rule> rules);

  // Pairs of rules with the same shape (literals and parameters alike; names do not count) and a method in
  // common, or both without methods, that contradict each other: they are of different kinds, or they compare
  // different segments, so that the one would undo the comparison of the other. Each reads like "'/a/{x}' is
  // a token path and '/a/{y}' a public one".
  static std::vector<std::string> conflicts(const std::vector<Rule>& rules);

  // The first, hence most specific, rule that matches the method and the decoded segments of a target.
  [[nodiscard]] Match find(std::string_view method,
                           const std::vector<std::string_view>& segments) const noexcept;
  // The same whatever the method; null: none.
  [[nodiscard]] const Rule* find_path(const std::vector<std::string_view>& segments) const noexcept;
  // The next rule that guards the same paths in the same way but for its conditions: it suffices where those
  // of `rule` fail. `rule` is one of this table's. Null: no further one.
  [[nodiscard]] const Rule* alternative(const Rule& rule, std::string_view method) const noexcept;

  [[nodiscard]] const std::vector<Rule>& rules() const noexcept { return rules_; }

 private:
  std::vector<Rule> rules_;
  std::vector<std::size_t> next_;  // of each rule its first alternative; 0: none, since the first is nobody's
};

// Whether every path of the one shape is one of the other: literals and parameters alike.
bool same_shape(const Rule& left, const Rule& right) noexcept;

// Whether the rule matches the decoded segments, whatever the method.
bool matches_path(const Rule& rule, const std::vector<std::string_view>& segments) noexcept;

}  // namespace postern::route
