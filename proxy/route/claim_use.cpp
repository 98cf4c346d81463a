#include "route/claim_use.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace postern::route {
namespace {

std::size_t position_of(std::vector<std::string>& names, const std::string& claim) {
  const auto found = std::find(names.begin(), names.end(), claim);
  const auto position = static_cast<std::size_t>(found - names.begin());
  if (found == names.end()) names.push_back(claim);
  return position;
}

}  // namespace

std::variant<Override, std::string> parse_override(std::string_view text) {
  const auto words = words_of(text);
  if (words.empty() || words.size() > 2) return "is no condition: claim=value, or METHOD|METHOD claim=value";
  if (!are_printable(words)) return std::string(unprintable);
  auto methods = parse_methods(words.size() == 2 ? words[0] : std::string_view("GET"));
  if (auto* const problem = std::get_if<std::string>(&methods)) return std::move(*problem);
  auto condition = parse_claim_condition(words.back());
  if (auto* const problem = std::get_if<std::string>(&condition)) return std::move(*problem);
  Override parsed;
  parsed.methods = std::get<std::vector<std::string>>(std::move(methods));
  parsed.condition = std::get<Condition>(std::move(condition));
  for (const std::string_view word : words) parsed.text.append(parsed.text.empty() ? "" : " ").append(word);
  return parsed;
}

std::vector<std::string> keep_claims(std::span<Rule> rules, std::span<Override> overrides,
                                     std::span<ClaimHeader> headers) {
  std::vector<std::string> names;
  for (Rule& rule : rules) {
    for (Condition& condition : rule.conditions) condition.kept = position_of(names, condition.claim);
  }
  for (Override& one : overrides) one.condition.kept = position_of(names, one.condition.claim);
  for (ClaimHeader& header : headers) header.kept = position_of(names, header.claim);
  return names;
}

bool is_user_writable(std::string_view claim) noexcept {
  constexpr std::array<std::string_view, 5> written{"name", "email", "image", "username", "displayUsername"};
  return std::find(written.begin(), written.end(), claim) != written.end();
}

}  // namespace postern::route
