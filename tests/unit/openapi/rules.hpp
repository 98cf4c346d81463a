#pragma once
// Rules and documents for these tests.

#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "openapi/document.hpp"
#include "route/rule_table.hpp"

namespace postern::openapi::test {

using Texts = std::vector<std::pair<route::RuleKind, std::string_view>>;

inline route::RuleTable table_of(const Texts& texts) {
  std::vector<route::Rule> rules;
  for (const auto& [kind, text] : texts)
    rules.push_back(std::get<route::Rule>(route::parse_rule(text, kind)));
  return route::RuleTable(std::move(rules));
}

inline std::vector<Operation> operations_of(std::string_view text) {
  return std::get<std::vector<Operation>>(read_document(text));
}

// A document with these paths, each with a GET.
inline std::vector<Operation> gets(const std::vector<std::string>& paths) {
  std::string text = R"({"openapi":"3.1.0","paths":{)";
  for (std::size_t at = 0; at < paths.size(); ++at)
    text += (at == 0 ? "\"" : ",\"") + paths[at] + R"(":{"get":{}})";
  return operations_of(text + "}}");
}

// What FastAPI wrote for tests/unit/openapi/documents/<name>.py.
inline std::vector<Operation> document(const std::string& name) {
  std::ifstream file(POSTERN_TEST_DATA "/unit/openapi/documents/" + name + ".json");
  std::ostringstream text;
  text << file.rdbuf();
  return operations_of(text.str());
}

}  // namespace postern::openapi::test
