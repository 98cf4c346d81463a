#pragma once
// What the process is, for those who look at it.

#include <string>
#include <utility>
#include <vector>

namespace postern::server {

// What the status page and the metrics say of the process beside what they count.
struct About {
  std::string version;
  std::vector<std::pair<std::string, std::string>> configuration;  // effective, secrets redacted
};

}  // namespace postern::server
