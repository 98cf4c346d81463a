#pragma once
// The table of all variables: one row says what a variable is called, what it means, how it is read and how
// it is shown.

#include <span>
#include <string>
#include <string_view>

#include "config/config.hpp"

namespace postern::config {

struct VariableSpec {
  std::string_view name;
  std::string_view default_text;  // for --help
  std::string_view meaning;       // one line
  std::string_view example;       // a good value
  // Puts the value into the config; returns what is wrong with it, or nothing.
  std::string (*read)(std::string_view value, Config& config);
  std::string (*show)(const Config& config);
};

// POSTERN_* in the order of the documentation. The secrets are not among them: see secrets.hpp.
std::span<const VariableSpec> variables();

// The known name that is written most like `unknown`.
std::string_view nearest_variable(std::string_view unknown);

}  // namespace postern::config
