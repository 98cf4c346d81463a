#include "route/rule_warnings.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

#include "route/claim_use.hpp"
#include "route/rule_table.hpp"

namespace postern::route {
namespace {

// No rule has this literal or names this method, so they meet a rule only where every value does.
constexpr std::string_view unheard_segment = "\x01";
constexpr std::string_view unheard_method = "\x01";

using Path = std::vector<std::string_view>;

std::string quoted(const Rule& rule) {
  return "'" + rule.text + "'";
}

std::string described(const Rule& rule) {
  return "the " + std::string(text_of(rule.kind)) + " path " + quoted(rule);
}

// A path of the rule that as few others as possible match, with `further` segments where it ends in **.
Path path_of(const Rule& rule, std::size_t further = 0) {
  Path path;
  for (const Segment& segment : rule.segments) {
    path.push_back(segment.kind == Segment::Kind::literal ? std::string_view(segment.literal)
                                                          : unheard_segment);
  }
  path.resize(path.size() + further, unheard_segment);
  return path;
}

std::size_t longest_template(const std::vector<Rule>& rules) {
  std::size_t longest = 0;
  for (const Rule& rule : rules) longest = std::max(longest, rule.segments.size());
  return longest;
}

std::vector<std::string_view> methods_of(const Rule& rule) {
  if (rule.methods.empty()) return {unheard_method};
  return {rule.methods.begin(), rule.methods.end()};
}

bool same_rule(const Rule& left, const Rule& right) {
  return left.kind == right.kind && left.text == right.text;
}

// The rule that decides in the place of `rule` on all that it matches; null: it decides something itself.
// A path longer than every template is matched by the same rules whatever its length.
const Rule* hidden_by(const Rule& rule, const RuleTable& table) {
  const std::size_t most = rule.rest ? longest_template(table.rules()) + 1 - rule.segments.size() : 0;
  const Rule* other = nullptr;
  for (std::size_t further = 0; further <= most; ++further) {
    for (const std::string_view method : methods_of(rule)) {
      const Rule* found = table.find(method, path_of(rule, further)).rule;
      for (const Rule* one = found; one != nullptr; one = table.alternative(*one, method)) {
        if (same_rule(*one, rule)) return nullptr;
      }
      if (other == nullptr) other = found;
    }
  }
  return other;
}

void warn_of_hidden(const std::vector<Rule>& rules, const RuleTable& table,
                    std::vector<std::string>& warnings) {
  for (const Rule& rule : rules) {
    const bool refused = !rule.methods.empty() &&
                         std::all_of(rule.methods.begin(), rule.methods.end(), [](const std::string& method) {
                           return method == "CONNECT" || method == "TRACE";
                         });
    if (refused) {
      warnings.push_back(described(rule) + " is never used: CONNECT and TRACE are refused before any rule");
    } else if (const Rule* const other = hidden_by(rule, table); other != nullptr) {
      warnings.push_back(described(rule) + " is never used: " + quoted(*other) + " is more specific");
    } else if (rule.rest && rule.kind != RuleKind::user) {
      const Rule* const below = table.find(methods_of(rule).front(), path_of(rule, 1)).rule;
      if (below != nullptr && below->kind == RuleKind::user) {
        warnings.push_back(described(rule) + " is hidden: below it the user path " + quoted(*below) +
                           " decides");
      }
    }
  }
}

// Of two rules either of which suffices, the one without further conditions is all that counts.
bool asks_for_less(const Rule& less, const Rule& more) {
  return less.conditions.size() < more.conditions.size() &&
         std::all_of(less.conditions.begin(), less.conditions.end(), [&more](const Condition& wanted) {
           return std::any_of(more.conditions.begin(), more.conditions.end(),
                              [&wanted](const Condition& one) { return one.same_as(wanted); });
         });
}

bool covers_methods_of(const Rule& wide, const Rule& narrow) {
  return narrow.methods.empty()
             ? wide.methods.empty()
             : !wide.methods.empty() &&
                   std::all_of(narrow.methods.begin(), narrow.methods.end(),
                               [&wide](const std::string& method) { return wide.covers_method(method); });
}

void warn_of_idle_conditions(const Rule& rule, const Rule& other, std::vector<std::string>& warnings) {
  if (rule.kind == other.kind && same_shape(rule, other) && covers_methods_of(other, rule) &&
      asks_for_less(other, rule)) {
    warnings.push_back(described(rule) + " adds nothing: " + quoted(other) + " suffices and asks for less");
  }
}

// The literal of `one` that stands where `user` has {user_id}, if a path could match both up to there.
const Segment* literal_for_user(const Rule& one, const Rule& user) {
  for (std::size_t at = 0; at < std::min(one.segments.size(), user.segments.size()); ++at) {
    const Segment &a = one.segments[at], &b = user.segments[at];
    const bool literal = a.kind == Segment::Kind::literal;
    if (literal && b.kind == Segment::Kind::literal && a.literal != b.literal) return nullptr;
    if (b.kind == Segment::Kind::user_id) return literal ? &a : nullptr;
  }
  return nullptr;
}

void warn_of_literal_ids(const Rule& one, const Rule& user, std::vector<std::string>& warnings) {
  if (user.kind != RuleKind::user) return;
  const Segment* const literal = literal_for_user(one, user);
  if (literal == nullptr) return;
  warnings.push_back("the paths '" + one.text + "' and '" + user.text +
                     "' overlap: no user may have the id '" + literal->literal + "'");
}

// Whether 0.1.0 would have chosen `user` where both match: it ranked {user_id} before other parameters.
bool ranked_first_before(const Rule& user, const Rule& rule) {
  for (std::size_t at = 0; at < std::min(user.segments.size(), rule.segments.size()); ++at) {
    const Segment::Kind mine = user.segments[at].kind, its = rule.segments[at].kind;
    if (mine != its) return mine < its;
  }
  return false;
}

void warn_of_change(const Rule& rule, const Rule& user, const RuleTable& table,
                    std::vector<std::string>& warnings) {
  if (user.kind != RuleKind::user || same_shape(rule, user) || !ranked_first_before(user, rule)) return;
  for (std::size_t further = 0; further <= (rule.rest ? longest_template(table.rules()) : 0); ++further) {
    const Path path = path_of(rule, further);
    if (!matches_path(user, path)) continue;
    const std::string_view method = methods_of(rule).front();
    const Rule* const winner = table.find(method, path).rule;
    if (winner == nullptr || !same_rule(*winner, rule) || !user.covers_method(method)) continue;
    warnings.push_back(described(rule) + " now decides where version 0.1.0 chose the user path " +
                       quoted(user));
    return;
  }
}

bool is_weaker(const Rule& rule, const Rule& than) {
  if (rule.kind != than.kind) return rule.kind > than.kind;
  return std::any_of(than.conditions.begin(), than.conditions.end(), [&rule](const Condition& wanted) {
    return std::none_of(rule.conditions.begin(), rule.conditions.end(), [&wanted](const Condition& one) {
      return one.claim == wanted.claim && one.value == wanted.value;
    });
  });
}

void warn_of_unguarded_methods(const Rule& rule, const RuleTable& table, std::vector<std::string>& warnings) {
  if (rule.methods.empty()) return;
  const Rule* const wider = table.find(unheard_method, path_of(rule)).rule;
  if (wider == nullptr || same_shape(*wider, rule) || !is_weaker(*wider, rule)) return;
  warnings.push_back(described(rule) + " guards its own methods only: the others reach these paths through " +
                     "the " + std::string(text_of(wider->kind)) + " path " + quoted(*wider));
}

void warn_of_written_claims(const Rule& rule, std::vector<std::string>& warnings) {
  for (const Condition& condition : rule.conditions) {
    if (!is_user_writable(condition.claim)) continue;
    warnings.push_back(described(rule) + " has the condition '" + condition.text + "', but users write " +
                       condition.claim + " themselves");
  }
}

}  // namespace

std::vector<std::string> rule_warnings(const std::vector<Rule>& rules) {
  const RuleTable table(rules);
  std::vector<std::string> warnings;
  warn_of_hidden(rules, table, warnings);
  for (const Rule& one : rules) {
    for (const Rule& other : rules) {
      warn_of_idle_conditions(one, other, warnings);
      warn_of_literal_ids(one, other, warnings);
      warn_of_change(one, other, table, warnings);
    }
    warn_of_unguarded_methods(one, table, warnings);
    warn_of_written_claims(one, warnings);
  }
  return warnings;
}

}  // namespace postern::route
