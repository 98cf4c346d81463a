#pragma once
// The command line: which command is meant, and what it says. No command touches a global: arguments,
// environment, streams and time come in as parameters.

#include <cstdint>
#include <iosfwd>
#include <span>
#include <string>

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

// `arguments` without the program's name. None: serve.
int run(std::span<const std::string> arguments, const Context& context);

}  // namespace postern::command
