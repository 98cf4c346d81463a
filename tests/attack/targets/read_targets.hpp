#pragma once
// Reads targets.tsv; its first line documents the columns.

#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace postern::attack {

struct TargetRow {
  std::string line;  // as it stands in the file, to name a failing row
  std::string raw;
  std::string outcome;  // "ok", or the text of the fault
  std::vector<std::string> segments;
  std::string origin_form;
  std::vector<std::string> served;  // every user_id that some measured backend handed to a handler
};

inline std::string unescape(std::string_view text) {
  std::string bytes;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\\') {
      bytes.push_back(text[at]);
      continue;
    }
    bytes.push_back(static_cast<char>(std::stoi(std::string(text.substr(at + 2, 2)), nullptr, 16)));
    at += 3;
  }
  return bytes;
}

inline std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t end; (end = text.find(separator)) != text.npos; text.remove_prefix(end + 1)) {
    parts.emplace_back(text.substr(0, end));
  }
  parts.emplace_back(text);
  return parts;
}

inline std::vector<std::string> unescaped_list(std::string_view text, char separator) {
  if (text.empty() || text == "-") return {};
  std::vector<std::string> parts = split(text, separator);
  for (std::string& part : parts) part = unescape(part);
  return parts;
}

inline std::vector<TargetRow> read_targets() {
  const std::string path = POSTERN_TEST_DATA "/attack/targets/targets.tsv";
  std::ifstream file(path);
  if (!file) throw std::runtime_error(path + " is missing: git checkout -- tests/attack/targets");
  std::vector<TargetRow> rows;
  for (std::string line; std::getline(file, line);) {
    if (line.find('\t') == line.npos) continue;
    const std::vector<std::string> columns = split(line, '\t');
    if (columns.size() != 5) throw std::runtime_error("not five columns: " + line);
    const std::string origin_form = columns[3] == "-" ? "" : unescape(columns[3]);
    rows.push_back({line, unescape(columns[0]), columns[1], unescaped_list(columns[2], '/'), origin_form,
                    unescaped_list(columns[4], ',')});
  }
  return rows;
}

}  // namespace postern::attack
