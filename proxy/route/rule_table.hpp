#pragma once
// Path templates and the table that finds the most specific one.

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace postern::route {

enum class RuleKind : std::uint8_t {
  user,       // a valid token whose uid equals the {user_id} segment
  any_token,  // any valid token
  open,       // no token
};
std::string_view text_of(RuleKind kind) noexcept;  // "user", "token", "public"

// One template, e.g. "/api/{user_id}/**": literal segments (decoded text), {user_id}, {any_other_name}, a
// final "**".
struct Segment {
  enum class Kind : std::uint8_t { literal, user_id, wildcard };
  Kind kind;
  std::string literal;  // empty but for literals
};

struct Rule {
  RuleKind kind;
  std::string text;  // as configured
  std::vector<Segment> segments;
  bool rest = false;  // ends in "**": zero or more further segments
};

// A rule, or what is wrong with the template in a few words ("needs {user_id} exactly once"). User rules need
// {user_id} exactly once, the others must not have it. Refused too: no leading '/', empty segments (one
// trailing slash is ignored, as in targets), dot segments, '%', '?', '#', '\', white space, control
// characters or malformed UTF-8, '{', '}' or '*' inside a segment, names that are not [A-Za-z0-9_]+, "**"
// before the end.
std::variant<Rule, std::string> parse_template(std::string_view text, RuleKind kind);

struct Match {
  const Rule* rule = nullptr;  // null: no rule matches; owned by the table
  std::string_view user_id;  // the decoded {user_id} segment of a user rule, a view of the segments searched
};

class RuleTable {
 public:
  RuleTable() = default;
  // Sorted most specific first, segment by segment: literal, {user_id}, {other}, the end, "**". Of rules with
  // the same shape the strictest kind stays: user, token, public.
  explicit RuleTable(std::vector<Rule> rules);

  // Pairs of rules with the same shape (literals and kinds of segment alike; names do not count) but of
  // different kinds: nothing says which of them holds, so they are a configuration error. Each reads like
  // "'/a/{x}' is a token path and '/a/{y}' a public one".
  static std::vector<std::string> conflicts(const std::vector<Rule>& rules);

  // The first, hence most specific, rule that matches the decoded segments of a target.
  [[nodiscard]] Match find(const std::vector<std::string_view>& segments) const noexcept;
  [[nodiscard]] const std::vector<Rule>& rules() const noexcept { return rules_; }

 private:
  std::vector<Rule> rules_;
};

}  // namespace postern::route
