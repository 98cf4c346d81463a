#pragma once
// A host to order: its files are a map.

#include <cstdint>
#include <map>
#include <string>

#include "config/config.hpp"

namespace postern::config::sample {

inline constexpr std::int64_t now = 1798761600;  // 2027-01-01T00:00:00Z
inline const std::string secret = "0123456789abcdef0123456789abcdef";

inline HostEnvironment host_environment(std::map<std::string, std::string> files = {}, unsigned cpus = 2) {
  return {[files = std::move(files)](const std::string& path) -> FileContent {
            const auto found = files.find(path);
            if (found == files.end()) return {{}, "No such file or directory", false};
            return {found->second, {}};
          },
          cpus, now};
}

// With a good secret beside.
inline Outcome with(std::vector<Variable> variables, const HostEnvironment& on = host_environment()) {
  variables.push_back({"BETTER_AUTH_SECRET", secret});
  return read(variables, on);
}

}  // namespace postern::config::sample
