#include "route/rule_listing.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

namespace postern::route {
namespace {

template <class Range, class Text>
std::string joined(const Range& range, std::string_view separator, Text text) {
  std::string out;
  for (const auto& one : range) out.append(out.empty() ? "" : separator).append(text(one));
  return out;
}

}  // namespace

std::string to_text(const RuleTable& table) {
  std::vector<std::array<std::string, 4>> rows;
  std::array<std::size_t, 4> widths{};
  for (const Rule& rule : table.rules()) {
    const std::string methods = joined(rule.methods, "|", [](const std::string& method) { return method; });
    rows.push_back({std::string(text_of(rule.kind)), methods.empty() ? "*" : methods, rule.pattern,
                    joined(rule.conditions, " ", [](const Condition& one) { return one.text; })});
    for (std::size_t at = 0; at < widths.size(); ++at)
      widths[at] = std::max(widths[at], rows.back()[at].size());
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t at = 0; at < widths.size(); ++at)
      line.append(row[at]).append(widths[at] - row[at].size() + 2, ' ');
    out.append(line, 0, line.find_last_not_of(' ') + 1).push_back('\n');
  }
  return out;
}

}  // namespace postern::route
