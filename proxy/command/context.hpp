#pragma once
// What every command gets and how it ends.

#include <cstdint>
#include <iosfwd>
#include <span>

#include "config/config.hpp"

namespace postern::command {

// What a command works with besides its own arguments.
struct Context {
  std::span<const config::Variable> environment;
  const config::HostEnvironment& host;
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  std::int64_t now;  // Unix seconds
};

// Exit codes of every command.
inline constexpr int done = 0;
inline constexpr int failed = 1;
inline constexpr int misused = 2;  // bad configuration or usage

}  // namespace postern::command
