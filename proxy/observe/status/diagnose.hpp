#pragma once
// What is wrong, in a sentence, and what to do about it: for the top of the status page.

#include <cstdint>
#include <string>
#include <vector>

#include "observe/status/status.hpp"

namespace postern::observe {

enum class Severity : std::uint8_t { note, warning, error };

struct Finding {
  Severity severity = Severity::note;
  std::string text;
  std::string remedy;
};

// The gravest first; empty: nothing wrong is seen.
std::vector<Finding> diagnose(const Status& status);

}  // namespace postern::observe
