// Any environment is read or refused in words, and no secret stands in them. Input: lines NAME=value.

#include "config/config.hpp"

#include <string>
#include <vector>

#include "require.hpp"

using namespace postern;
using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string marker = "sEcReT-mArKeR-0123456789-abcdefghij";
  std::vector<config::Variable> environment = {{"BETTER_AUTH_SECRET", marker}};
  auto text = fuzz::text_of(data, size);
  // The fuzzer learns it from the comparisons below; elsewhere than in the secret it may well be shown.
  if (text.find(marker) != std::string_view::npos) return 0;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const auto equals = line.find('=');
    if (equals != std::string_view::npos && !line.starts_with("BETTER_AUTH_SECRET")) {
      environment.push_back({line.substr(0, equals), line.substr(equals + 1)});
    }
  }
  config::HostEnvironment host;
  // A file holds its own name: what a variable says can then be the text of a list or a set.
  host.read_file = [](const std::string& path) {
    return path.starts_with('/') ? config::FileContent{{}, "no file"} : config::FileContent{path, {}};
  };
  const auto outcome = config::read(environment, host);
  for (const auto& problem : outcome.problems) {
    const std::string line = config::to_string(problem);
    require(line.find('\n') == std::string::npos, "a problem is one line");
    require(line.find(marker) == std::string::npos, "a problem shows no secret");
  }
  for (const auto& warning : outcome.warnings)
    require(warning.find(marker) == std::string::npos, "nor does a warning");
  if (!outcome.problems.empty()) return 0;
  for (const auto& [name, value] : config::describe(outcome.config)) {
    require(value.find(marker) == std::string::npos, "nor does the description");
  }
  return 0;
}
