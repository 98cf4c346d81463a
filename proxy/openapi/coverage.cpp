#include "openapi/coverage.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace postern::openapi {
namespace {

template <std::size_t N>
bool one_of(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

constexpr std::array<std::string_view, 4> users = {"user", "owner", "account", "customer"};
constexpr std::array<std::string_view, 8> qualities = {"id",   "name", "key", "uuid",
                                                       "guid", "slug", "uid", "pk"};

// "targetUser_id" as target, user, id.
std::vector<std::string> words_of(std::string_view name) {
  std::vector<std::string> words(1);
  bool lower_before = false;
  for (const char letter : name) {
    const bool upper = letter >= 'A' && letter <= 'Z';
    const bool plain = upper || (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9');
    if (!plain || (upper && lower_before)) words.emplace_back();
    if (plain) words.back().push_back(upper ? static_cast<char>(letter - 'A' + 'a') : letter);
    lower_before = plain && !upper;
  }
  std::erase_if(words, [](const std::string& word) { return word.empty(); });
  return words;
}

// "userid" and "username" as "user".
std::string_view without_quality(std::string_view word) {
  for (const std::string_view quality : qualities) {
    if (word.size() > quality.size() && word.ends_with(quality) &&
        one_of(users, word.substr(0, word.size() - quality.size()))) {
      return word.substr(0, word.size() - quality.size());
    }
  }
  return word;
}

bool has_user(const PathSegment& segment) {
  const auto names = names_in(segment);
  return std::any_of(names.begin(), names.end(), [](std::string_view name) { return names_a_user(name); });
}

Hole hole_in(const Operation& operation, const route::Rule* rule) {
  if (rule == nullptr) return Hole::unreached;
  const std::vector<std::size_t> compared = rule->compared_segments();
  for (std::size_t at = 0; at < operation.segments.size(); ++at) {
    const bool is_compared = std::find(compared.begin(), compared.end(), at) != compared.end();
    if (has_user(operation.segments[at]) && !is_compared) return Hole::uncompared;
  }
  return rule->kind == route::RuleKind::open && operation.has_body ? Hole::public_write : Hole::none;
}

std::string_view literal_compared(const Operation& operation, const route::Rule* rule) {
  if (rule == nullptr) return {};
  for (std::size_t at = 0; at < rule->segments.size(); ++at) {
    if (rule->segments[at].kind == route::Segment::Kind::user_id &&
        operation.segments[at].kind == PathSegment::Kind::literal) {
      return operation.segments[at].text;
    }
  }
  return {};
}

}  // namespace

std::string_view text_of(Hole hole) noexcept {
  switch (hole) {
    case Hole::none:
      return "";
    case Hole::unreached:
      return "unreached";
    case Hole::uncompared:
      return "uncompared";
    case Hole::public_write:
      return "public-write";
  }
  return "";
}

bool names_a_user(std::string_view parameter) {
  std::vector<std::string> words = words_of(parameter);
  if (words.size() == 1 && (words[0] == "uid" || words[0] == "sub")) return true;
  while (words.size() > 1 && one_of(qualities, words.back())) words.pop_back();
  return !words.empty() && one_of(users, without_quality(words.back()));
}

bool covers(const route::Rule& rule, const Operation& operation) noexcept {
  const std::size_t size = rule.segments.size();
  if (!operation.reachable || !rule.covers_method(operation.method)) return false;
  if (rule.rest ? operation.segments.size() < size : operation.segments.size() != size) return false;
  for (std::size_t at = 0; at < size; ++at) {
    if (rule.segments[at].kind != route::Segment::Kind::literal) continue;
    const PathSegment& segment = operation.segments[at];
    if (segment.kind != PathSegment::Kind::literal || segment.text != rule.segments[at].literal) return false;
  }
  return true;
}

std::vector<Coverage> cover(std::span<const Operation> operations, const route::RuleTable& table) {
  std::vector<Coverage> rows;
  rows.reserve(operations.size());
  for (const Operation& operation : operations) {
    Coverage row;
    row.operation = &operation;
    for (const route::Rule& rule : table.rules()) {
      if (!covers(rule, operation)) continue;
      row.rule = &rule;
      break;
    }
    row.hole = hole_in(operation, row.rule);
    row.compared_literal = literal_compared(operation, row.rule);
    rows.push_back(row);
  }
  return rows;
}

std::size_t holes_in(std::span<const Coverage> coverage) noexcept {
  return static_cast<std::size_t>(std::count_if(coverage.begin(), coverage.end(),
                                                [](const Coverage& row) { return row.hole != Hole::none; }));
}

}  // namespace postern::openapi
