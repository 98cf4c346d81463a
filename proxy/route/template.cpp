#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "route/rule.hpp"
#include "route/utf8.hpp"

namespace postern::route {
namespace {

constexpr std::string_view user_id_name = "user_id";

constexpr bool is_name_character(char character) noexcept {
  return (character >= 'A' && character <= 'Z') || (character >= 'a' && character <= 'z') ||
         (character >= '0' && character <= '9') || character == '_';
}

// What is wrong with the characters of a template, before it is split.
std::optional<std::string> character_problem(std::string_view text) {
  if (!text.starts_with('/')) return "must begin with '/'";
  if (!valid_utf8(text)) return "is not valid UTF-8";
  if (has_control_character(text) || text.find(' ') != text.npos)
    return "holds white space or a control character";
  if (text.find('%') != text.npos)
    return "is compared with the decoded path: write the character itself, not its '%' form";
  if (const std::size_t at = text.find_first_of("?#\\"); at != text.npos) {
    return "'" + std::string(1, text[at]) + "' never stands in a path";
  }
  return std::nullopt;
}

std::variant<Segment, std::string> parse_segment(std::string_view text) {
  if (text.empty()) return "holds an empty segment";
  if (text == "." || text == "..") return "holds a dot segment";
  if (text.starts_with('{') && text.ends_with('}')) {
    const std::string_view name = text.substr(1, text.size() - 2);
    if (name.empty() || !std::all_of(name.begin(), name.end(), is_name_character)) {
      return "'" + std::string(text) + "' is not a name of letters, digits and '_' in braces";
    }
    return Segment{
        name == user_id_name ? Segment::Kind::user_id : Segment::Kind::wildcard, {}, std::string(name)};
  }
  if (text.find_first_of("{}*") != text.npos) {
    return "'" + std::string(text) + "': '{', '}' and '*' stand only in whole segments, {name} or a final **";
  }
  return Segment{Segment::Kind::literal, std::string(text), {}};
}

// Fills `rule` from the text after the leading slash; returns what is wrong with it.
std::optional<std::string> parse_segments(std::string_view rest, Rule& rule) {
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.empty()) return std::nullopt;
  for (bool more = true; more;) {
    const std::size_t end = std::min(rest.find('/'), rest.size());
    const std::string_view text = rest.substr(0, end);
    more = end < rest.size();
    if (more) rest.remove_prefix(end + 1);
    if (text == "**") {
      if (more) return "'**' stands only at the end";
      rule.rest = true;
      return std::nullopt;
    }
    auto segment = parse_segment(text);
    if (auto* const problem = std::get_if<std::string>(&segment)) return std::move(*problem);
    rule.segments.push_back(std::get<Segment>(std::move(segment)));
  }
  return std::nullopt;
}

}  // namespace

std::variant<Rule, std::string> parse_template(std::string_view text, RuleKind kind) {
  if (auto problem = character_problem(text)) return std::move(*problem);
  if (text.starts_with("//")) return "holds an empty segment";
  Rule rule{kind, std::string(text), std::string(text), {}, {}, false, {}};
  if (auto problem = parse_segments(text.substr(1), rule)) return std::move(*problem);
  const auto named = std::count_if(rule.segments.begin(), rule.segments.end(), [](const Segment& segment) {
    return segment.kind == Segment::Kind::user_id;
  });
  if (kind == RuleKind::user && named != 1) return "needs {user_id} exactly once";
  if (kind != RuleKind::user && named != 0) {
    return "{user_id} is compared with the token only in a user path: use another name here";
  }
  return rule;
}

}  // namespace postern::route
