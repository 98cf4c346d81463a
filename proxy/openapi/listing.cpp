#include "openapi/listing.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <string_view>

namespace postern::openapi {
namespace {

namespace json = boost::json;

std::string rule_without_conditions(const route::Rule& rule) {
  return rule.text.substr(0, rule.text.find(rule.pattern) + rule.pattern.size());
}

json::value or_null(std::string_view text) {
  return text.empty() ? json::value(nullptr) : json::value(text);
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out(text);
  std::replace_if(
      out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, '?');
  return out;
}

std::string to_table(std::span<const Coverage> coverage) {
  std::vector<std::array<std::string, 4>> rows;
  std::array<std::size_t, 4> widths{};
  for (const Coverage& row : coverage) {
    const Operation& operation = *row.operation;
    std::string guard = "-";
    if (row.rule != nullptr) guard = std::string(route::text_of(row.rule->kind)) + " " + row.rule->text;
    if (!row.compared_literal.empty())
      guard += " (compares '" + printable(row.compared_literal) + "' with the uid)";
    rows.push_back({row.hole == Hole::none ? "ok" : std::string(text_of(row.hole)), operation.method,
                    printable(operation.path), guard});
    for (std::size_t at = 0; at < widths.size(); ++at)
      widths[at] = std::max(widths[at], rows.back()[at].size());
  }
  std::string out;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    for (std::size_t at = 0; at < widths.size(); ++at) {
      out.append(rows[row][at]).append(widths[at] - rows[row][at].size() + 2, ' ');
    }
    const std::string security = printable(coverage[row].operation->security);
    if (!security.empty()) out.append("[").append(security).append("]");
    out.erase(out.find_last_not_of(' ') + 1);
    out.push_back('\n');
  }
  return out;
}

std::string to_json(std::span<const Coverage> coverage) {
  json::array operations;
  for (const Coverage& row : coverage) {
    json::object one;
    one["method"] = row.operation->method;
    one["path"] = row.operation->path;
    one["kind"] = row.rule == nullptr ? json::value(nullptr) : or_null(route::text_of(row.rule->kind));
    one["rule"] = row.rule == nullptr ? json::value(nullptr) : or_null(rule_without_conditions(*row.rule));
    json::array conditions;
    if (row.rule != nullptr) {
      for (const route::Condition& condition : row.rule->conditions) conditions.emplace_back(condition.text);
    }
    one["conditions"] = std::move(conditions);
    one["hole"] = or_null(text_of(row.hole));
    operations.emplace_back(std::move(one));
  }
  json::object whole;
  whole["operations"] = std::move(operations);
  whole["holes"] = holes_in(coverage);
  return json::serialize(whole) + "\n";
}

}  // namespace postern::openapi
