#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "command/run.hpp"
#include "config/host_environment.hpp"

namespace {

std::vector<postern::config::Variable> environment() {
  std::vector<postern::config::Variable> variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos)
      variables.push_back({text.substr(0, equals), text.substr(equals + 1)});
  }
  return variables;
}

// Where standard output is closed, the next connection would get its number, and the log.
bool have_standard_descriptors() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(descriptor, F_GETFD) < 0 && ::open("/dev/null", O_RDWR) != descriptor) return false;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (!have_standard_descriptors()) return postern::command::failed;
  try {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    const auto variables = environment();
    const auto host = postern::config::host_environment();
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return postern::command::run(arguments, {variables, host, std::cin, std::cout, std::cerr,
                                             std::chrono::duration_cast<std::chrono::seconds>(now).count()});
  } catch (const std::exception& error) {
    std::cerr << "postern: " << error.what() << '\n';
    return postern::command::failed;
  }
}
