#include "route/rule.hpp"

#include <algorithm>

namespace postern::route {

std::string_view text_of(RuleKind kind) noexcept {
  switch (kind) {
    case RuleKind::user:
      return "user";
    case RuleKind::any_token:
      return "token";
    case RuleKind::optional:
      return "optional";
    case RuleKind::open:
      return "public";
  }
  return "unknown";
}

bool Rule::covers_method(std::string_view method) const noexcept {
  return methods.empty() || std::find(methods.begin(), methods.end(), method) != methods.end();
}

bool Rule::almost_covers_method(std::string_view method) const noexcept {
  const auto folded = [](char a, char b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return lower(a) == lower(b);
  };
  return std::any_of(methods.begin(), methods.end(), [&](const std::string& one) {
    return std::equal(one.begin(), one.end(), method.begin(), method.end(), folded);
  });
}

std::vector<std::size_t> Rule::compared_segments() const {
  std::vector<std::size_t> compared;
  for (std::size_t at = 0; at < segments.size(); ++at) {
    const bool by_condition = std::any_of(conditions.begin(), conditions.end(), [at](const Condition& one) {
      return one.kind == Condition::Kind::segment_is && one.segment == at;
    });
    if (segments[at].kind == Segment::Kind::user_id || by_condition) compared.push_back(at);
  }
  return compared;
}

}  // namespace postern::route
