#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "route/rule.hpp"
#include "route/utf8.hpp"

namespace postern::route {
namespace {

constexpr std::string_view blanks = " \t\r\n";

std::string quoted(std::string_view text) {
  return "'" + std::string(text) + "'";
}

bool is_method(std::string_view text) noexcept {
  return !text.empty() && text.front() >= 'A' && text.front() <= 'Z' &&
         std::all_of(text.begin(), text.end(), [](char character) {
           return (character >= 'A' && character <= 'Z') || (character >= '0' && character <= '9') ||
                  character == '-' || character == '_';
         });
}

// "name" of "{name}", or nothing.
std::optional<std::string_view> braced_name(std::string_view text) noexcept {
  if (text.size() < 3 || text.front() != '{' || text.back() != '}') return std::nullopt;
  return text.substr(1, text.size() - 2);
}

std::variant<Condition, std::string> parse_segment_condition(std::string_view text, const Rule& rule) {
  const std::size_t equals = text.find('=');
  const auto name = braced_name(text.substr(0, equals));
  const std::string_view claim = text.substr(equals + 1);
  if (!name) return quoted(text) + " is no condition: {name}=claim";
  if (claim.empty()) return quoted(text) + " names no claim";
  Condition condition;
  condition.kind = Condition::Kind::segment_is;
  condition.claim = claim;
  condition.text = text;
  std::size_t found = 0;
  for (std::size_t at = 0; at < rule.segments.size(); ++at) {
    if (rule.segments[at].name != *name) continue;
    condition.segment = at;
    ++found;
  }
  if (found == 0) return "the template has no " + std::string(text.substr(0, equals));
  if (found > 1) return "the template has " + std::string(text.substr(0, equals)) + " more than once";
  return condition;
}

std::variant<Condition, std::string> parse_condition(std::string_view text, const Rule& rule) {
  if (text.starts_with('/')) return quoted(text) + " is no condition; is a comma missing before it?";
  if (text.find('=') == text.npos) return quoted(text) + " is no condition: claim=value or {name}=claim";
  return text.starts_with('{') ? parse_segment_condition(text, rule) : parse_claim_condition(text);
}

// Fills the conditions; returns what is wrong with them.
std::optional<std::string> parse_conditions(const std::vector<std::string_view>& words, std::size_t begin,
                                            Rule& rule) {
  for (std::size_t at = begin; at < words.size(); ++at) {
    auto condition = parse_condition(words[at], rule);
    if (auto* const problem = std::get_if<std::string>(&condition)) return std::move(*problem);
    rule.conditions.push_back(std::get<Condition>(std::move(condition)));
  }
  if (!rule.conditions.empty() && !needs_token(rule.kind)) {
    return "conditions need a token: only user and token paths take them";
  }
  return std::nullopt;
}

}  // namespace

bool are_printable(const std::vector<std::string_view>& words) noexcept {
  return std::all_of(words.begin(), words.end(),
                     [](std::string_view word) { return valid_utf8(word) && !has_control_character(word); });
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  for (std::size_t begin; (begin = text.find_first_not_of(blanks)) != text.npos;) {
    text.remove_prefix(begin);
    const std::size_t end = std::min(text.find_first_of(blanks), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return words;
}

std::variant<std::vector<std::string>, std::string> parse_methods(std::string_view text) {
  std::vector<std::string> methods;
  for (bool more = true; more;) {
    const std::size_t end = std::min(text.find('|'), text.size());
    const std::string_view method = text.substr(0, end);
    more = end < text.size();
    if (more) text.remove_prefix(end + 1);
    if (!is_method(method)) return quoted(method) + " is no method: GET, POST and the like, in capitals";
    methods.emplace_back(method);
    // RFC 9110 9.3.2: HEAD is GET without the body, and frameworks answer it from GET's handler.
    if (method == "GET") methods.emplace_back("HEAD");
  }
  std::sort(methods.begin(), methods.end());
  methods.erase(std::unique(methods.begin(), methods.end()), methods.end());
  return methods;
}

std::variant<Condition, std::string> parse_claim_condition(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == text.npos) return quoted(text) + " is no condition: claim=value";
  if (text.starts_with('{')) return quoted(text) + " compares a path's segment, and there is none here";
  if (equals == 0) return quoted(text) + " names no claim";
  if (equals + 1 == text.size()) return quoted(text) + " has no value";
  Condition condition;
  condition.claim = text.substr(0, equals);
  condition.value = text.substr(equals + 1);
  condition.text = text;
  return condition;
}

std::variant<Rule, std::string> parse_rule(std::string_view text, RuleKind kind) {
  const auto words = words_of(text);
  if (words.empty()) return "is empty";
  if (!are_printable(words)) return std::string(unprintable);
  std::vector<std::string> methods;
  std::size_t at = 0;
  if (words.size() > 1 && !words[0].starts_with('/')) {
    auto parsed = parse_methods(words[0]);
    if (auto* const problem = std::get_if<std::string>(&parsed)) return std::move(*problem);
    methods = std::get<std::vector<std::string>>(std::move(parsed));
    at = 1;
  }
  auto parsed = parse_template(words[at], kind);
  if (std::holds_alternative<std::string>(parsed)) return parsed;
  Rule& rule = std::get<Rule>(parsed);
  rule.methods = std::move(methods);
  rule.text.clear();
  for (const std::string_view word : words) rule.text.append(rule.text.empty() ? "" : " ").append(word);
  if (auto problem = parse_conditions(words, at + 1, rule)) return std::move(*problem);
  return parsed;
}

}  // namespace postern::route
