#pragma once
// What guards a path: a rule of one kind, for some methods or for all, with conditions on the token's claims.
//
//   [METHOD[|METHOD...] ] TEMPLATE [ CONDITION]...
//
//   GET|POST /api/orgs/{org_id}/** {org_id}=activeOrganizationId role=admin

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace postern::route {

enum class RuleKind : std::uint8_t {
  user,       // a valid token whose uid equals the {user_id} segment
  any_token,  // any valid token
  optional,   // no credentials at all, or a valid token
  open,       // no token
};
std::string_view text_of(RuleKind kind) noexcept;  // "user", "token", "optional", "public"

// Whether a rule of this kind is only met by a valid token, so that conditions on claims make sense.
constexpr bool needs_token(RuleKind kind) noexcept {
  return kind == RuleKind::user || kind == RuleKind::any_token;
}

struct Segment {
  enum class Kind : std::uint8_t { literal, user_id, wildcard };
  Kind kind;
  std::string literal;    // decoded text; empty but for literals
  std::string name = {};  // of a parameter, without braces
};

// What a claim has to be. `kept` is the claim's position among the claims that are kept with a token: see
// claim_use.hpp.
struct Condition {
  enum class Kind : std::uint8_t {
    claim_is,    // claim=value
    segment_is,  // {name}=claim: the path's segment is the claim, or one of its members
  };
  Kind kind = Kind::claim_is;
  std::string claim;        // a top-level name
  std::string value;        // of claim_is
  std::size_t segment = 0;  // of segment_is: its position in the template
  std::string text;         // as configured
  std::size_t kept = 0;

  // Whether both ask for the same; where the claim is kept does not count.
  [[nodiscard]] bool same_as(const Condition& other) const noexcept {
    return kind == other.kind && claim == other.claim && value == other.value && segment == other.segment;
  }
};

struct Rule {
  RuleKind kind;
  std::string text;                  // as configured, one space between its parts
  std::string pattern;               // the template alone
  std::vector<std::string> methods;  // sorted, with HEAD where GET is; empty: every method
  std::vector<Segment> segments;
  bool rest = false;                  // ends in "**": zero or more further segments
  std::vector<Condition> conditions;  // all must hold

  [[nodiscard]] bool covers_method(std::string_view method) const noexcept;
  // The method is one of them but for the case of letters.
  [[nodiscard]] bool almost_covers_method(std::string_view method) const noexcept;
  // The positions of the segments that are compared with the uid or a claim, ascending, without repeats.
  [[nodiscard]] std::vector<std::size_t> compared_segments() const;
};

// A rule, or what is wrong with it in a few words. Beside what parse_template() refuses: methods that are not
// in capitals (method names are case-sensitive, RFC 9110 9.1), words behind the template that are no
// condition, empty claims and values, {name} that the template lacks or has twice, conditions on optional and
// public paths.
std::variant<Rule, std::string> parse_rule(std::string_view text, RuleKind kind);

// A template alone, e.g. "/api/{user_id}/**": literal segments (decoded text), {user_id}, {any_other_name}, a
// final "**". User rules need {user_id} exactly once, the others must not have it. Refused too: no leading
// '/', empty segments (one trailing slash is ignored, as in targets), dot segments, '%', '?', '#', '\', white
// space, control characters or malformed UTF-8, '{', '}' or '*' inside a segment, names that are not
// [A-Za-z0-9_]+, "**" before the end.
std::variant<Rule, std::string> parse_template(std::string_view text, RuleKind kind);

// The words of a rule or an override; any run of blanks parts them.
std::vector<std::string_view> words_of(std::string_view text);

// Whether the words are valid UTF-8 without control characters, and what is said where they are not.
bool are_printable(const std::vector<std::string_view>& words) noexcept;
inline constexpr std::string_view unprintable = "holds a control character or malformed UTF-8";

// "GET|POST" as Rule::methods, or what is wrong with it.
std::variant<std::vector<std::string>, std::string> parse_methods(std::string_view text);

// "claim=value", or what is wrong with it.
std::variant<Condition, std::string> parse_claim_condition(std::string_view text);

}  // namespace postern::route
