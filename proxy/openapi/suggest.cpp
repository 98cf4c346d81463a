#include "openapi/suggest.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <variant>

#include "openapi/coverage.hpp"

namespace postern::openapi {
namespace {

using route::Rule;
using route::RuleKind;

// What one operation, or all of one shape and method, need of a rule.
struct Need {
  RuleKind kind = RuleKind::any_token;
  std::vector<PathSegment> segments;
  std::set<std::string> methods;
  std::set<std::size_t> users;                  // positions that name a user
  std::map<std::size_t, std::string> compared;  // other positions, with their claims
  std::set<std::string> conditions;             // claim=value

  [[nodiscard]] bool agrees_with(const Need& other) const {
    return kind == other.kind && users == other.users && compared == other.compared &&
           conditions == other.conditions;
  }

  // The stricter of both.
  void merge(const Need& other) {
    kind = std::min(kind, other.kind);
    methods.insert(other.methods.begin(), other.methods.end());
    users.insert(other.users.begin(), other.users.end());
    compared.insert(other.compared.begin(), other.compared.end());
    conditions.insert(other.conditions.begin(), other.conditions.end());
  }
};

bool is_health_check(const Operation& operation) {
  constexpr std::array<std::string_view, 5> names = {"health", "healthz", "livez", "readyz", "ping"};
  return operation.method == "GET" && !operation.has_body && !operation.segments.empty() &&
         std::all_of(operation.segments.begin(), operation.segments.end(),
                     [](const PathSegment& one) { return one.kind == PathSegment::Kind::literal; }) &&
         std::find(names.begin(), names.end(), operation.segments.back().text) != names.end();
}

// Whether something is to be found for the operation. A literal compared with the uid lets nobody in.
bool is_open(const Coverage& row) noexcept {
  return row.hole != Hole::none || !row.compared_literal.empty();
}

Need need_of(const Coverage& row) {
  const Operation& operation = *row.operation;
  Need need;
  need.segments = operation.segments;
  need.methods = {operation.method};
  for (std::size_t at = 0; at < operation.segments.size(); ++at) {
    const auto names = names_in(operation.segments[at]);
    if (std::any_of(names.begin(), names.end(), names_a_user)) need.users.insert(at);
  }
  if (!need.users.empty()) {
    need.kind = RuleKind::user;
  } else if (is_health_check(operation)) {
    need.kind = RuleKind::open;
  }
  if (is_open(row)) return need;
  if (row.rule->kind == RuleKind::user) {
    for (std::size_t at = 0; at < row.rule->segments.size(); ++at) {
      if (row.rule->segments[at].kind == route::Segment::Kind::user_id) need.users.insert(at);
    }
  }
  need.kind = std::min(need.users.empty() ? RuleKind::open : RuleKind::user, row.rule->kind);
  for (const route::Condition& one : row.rule->conditions) {
    if (one.kind == route::Condition::Kind::claim_is) {
      need.conditions.insert(one.text);
    } else {
      need.users.erase(one.segment);
      need.compared[one.segment] = one.claim;
    }
  }
  if (need.users.empty()) need.kind = row.rule->kind;
  return need;
}

// Literals as they are, parameters without their names.
std::string shape_of(const Need& need) {
  std::string shape;
  for (const PathSegment& segment : need.segments) {
    shape += segment.kind == PathSegment::Kind::literal ? "/" + segment.text : "/{}";
  }
  return shape;
}

bool can_be_written(const PathSegment& segment) {
  return segment.kind == PathSegment::Kind::literal && segment.text.find(',') == std::string::npos &&
         std::holds_alternative<Rule>(route::parse_template("/" + segment.text, RuleKind::open));
}

std::string parameter_name(const PathSegment& segment, std::size_t at) {
  std::string name = segment.kind == PathSegment::Kind::parameter ? segment.text : "part";
  std::replace_if(
      name.begin(), name.end(),
      [](char c) {
        return !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_');
      },
      '_');
  return name.empty() || name == "user_id" || name == "part" ? name + "_" + std::to_string(at) : name;
}

std::string rule_text(const Need& need, const std::string& uid_claim, bool with_methods) {
  std::string text, path, conditions;
  if (with_methods) {
    for (const std::string& method : need.methods) text += (text.empty() ? "" : "|") + method;
    text += " ";
  }
  for (std::size_t at = 0; at < need.segments.size(); ++at) {
    const PathSegment& segment = need.segments[at];
    if (can_be_written(segment)) {
      path += "/" + segment.text;
    } else if (need.kind == RuleKind::user && !need.users.empty() && at == *need.users.begin()) {
      path += "/{user_id}";
    } else {
      // Its position makes the name of a compared one unique.
      const bool is_compared = need.users.count(at) != 0 || need.compared.count(at) != 0;
      std::string name = parameter_name(segment, at);
      if (is_compared && !name.ends_with("_" + std::to_string(at))) name += "_" + std::to_string(at);
      path += "/{" + name + "}";
      if (!is_compared) continue;
      const auto claim = need.compared.find(at);
      conditions += " {" + name + "}=" + (claim == need.compared.end() ? uid_claim : claim->second);
    }
  }
  text += path.empty() ? "/" : path;
  text += conditions;
  for (const std::string& condition : need.conditions) text += " " + condition;
  return text;
}

// "/api/{user_id}/**" for all that lies below; empty where that would not say the same.
std::string folded(const Need& need) {
  if (need.kind != RuleKind::user || need.users.size() != 1 || !need.compared.empty() ||
      !need.conditions.empty() || *need.users.begin() == 0) {
    return {};
  }
  std::string path;
  for (std::size_t at = 0; at < *need.users.begin(); ++at) {
    if (!can_be_written(need.segments[at])) return {};
    path += "/" + need.segments[at].text;
  }
  return path + "/{user_id}/**";
}

using Rules = std::map<RuleKind, std::set<std::string>>;

// Rules for the needs, by shape: without methods where all of a shape agree and a token is asked for.
void add_rules(const std::vector<Need>& needs, const std::string& uid_claim, bool fold, Rules& rules) {
  std::map<std::string, std::vector<Need>> shapes;
  for (const Need& need : needs) shapes[shape_of(need)].push_back(need);
  for (const auto& [shape, all] : shapes) {
    const bool agree = std::all_of(
        all.begin(), all.end(), [&first = all.front()](const Need& one) { return one.agrees_with(first); });
    std::map<std::string, Need> by_method;
    for (const Need& need : all) {
      // HEAD goes with GET, as in rules.
      const std::string method = agree ? "" : *need.methods.begin() == "HEAD" ? "GET" : *need.methods.begin();
      const auto [at, is_new] = by_method.try_emplace(method, need);
      if (!is_new) at->second.merge(need);
      if (method == "GET") at->second.methods = {"GET"};
    }
    for (const auto& [method, need] : by_method) {
      const std::string wide = fold && agree ? folded(need) : "";
      const bool with_methods = !agree || !route::needs_token(need.kind);
      rules[need.kind].insert(wide.empty() ? rule_text(need, uid_claim, with_methods) : wide);
    }
  }
}

// How many operations are left with a hole; as many as there are where the rules contradict each other.
std::size_t holes_left(std::span<const Operation> operations, const Rules& rules) {
  std::vector<Rule> parsed;
  for (const auto& [kind, texts] : rules) {
    for (const std::string& text : texts) {
      auto rule = route::parse_rule(text, kind);
      if (!std::holds_alternative<Rule>(rule)) return operations.size();
      parsed.push_back(std::get<Rule>(std::move(rule)));
    }
  }
  if (!route::RuleTable::conflicts(parsed).empty()) return operations.size();
  return holes_in(cover(operations, route::RuleTable(std::move(parsed))));
}

std::string joined(const Rules& rules, RuleKind kind) {
  const auto found = rules.find(kind);
  std::string out;
  if (found == rules.end()) return out;
  for (const std::string& text : found->second) out += (out.empty() ? "" : ",") + text;
  return out;
}

}  // namespace

Suggestion suggest(std::span<const Operation> operations, const route::RuleTable& table,
                   const std::string& uid_claim) {
  Suggestion suggestion;
  Rules kept;
  std::vector<Need> open, all;
  std::size_t unreachable = 0;
  for (const Coverage& row : cover(operations, table)) {
    if (!row.operation->reachable) {
      ++unreachable;
      suggestion.notes.push_back(row.operation->method + " " + row.operation->path +
                                 ": no request that the gate lets through has this path");
      continue;
    }
    all.push_back(need_of(row));
    if (all.back().users.size() > 1) {
      suggestion.notes.push_back(row.operation->method + " " + row.operation->path +
                                 ": names two users, and both are compared with the token's");
    }
    if (is_open(row)) {
      open.push_back(all.back());
      continue;
    }
    for (const Rule& rule : table.rules()) {
      if (rule.kind == row.rule->kind && same_shape(rule, *row.rule)) kept[rule.kind].insert(rule.text);
    }
  }
  // As few rules as will do: what is there, with wide ones for the rest; with narrow ones; each on its own.
  Rules wide = kept, narrow = kept, own;
  add_rules(open, uid_claim, true, wide);
  add_rules(open, uid_claim, false, narrow);
  add_rules(all, uid_claim, false, own);
  const Rules& best = holes_left(operations, wide) == unreachable     ? wide
                      : holes_left(operations, narrow) == unreachable ? narrow
                                                                      : own;
  suggestion.user_paths = joined(best, RuleKind::user);
  if (suggestion.user_paths.empty()) suggestion.user_paths = "off";
  suggestion.token_paths = joined(best, RuleKind::any_token);
  suggestion.optional_paths = joined(best, RuleKind::optional);
  suggestion.public_paths = joined(best, RuleKind::open);
  return suggestion;
}

std::string to_text(const Suggestion& suggestion) {
  std::string out;
  const auto line = [&out](std::string_view name, const std::string& value) {
    if (!value.empty()) out.append(name).append("=").append(value).append("\n");
  };
  line("POSTERN_USER_PATHS", suggestion.user_paths);
  line("POSTERN_TOKEN_PATHS", suggestion.token_paths);
  line("POSTERN_OPTIONAL_PATHS", suggestion.optional_paths);
  line("POSTERN_PUBLIC_PATHS", suggestion.public_paths);
  return out;
}

}  // namespace postern::openapi
