#include <unistd.h>

#include <chrono>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "command/run.hpp"
#include "config/machine.hpp"

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

}  // namespace

int main(int argc, char** argv) {
  try {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    const auto variables = environment();
    const auto machine = postern::config::this_machine();
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return postern::command::run(arguments, {variables, machine, std::cin, std::cout, std::cerr,
                                             std::chrono::duration_cast<std::chrono::seconds>(now).count()});
  } catch (const std::exception& error) {
    std::cerr << "postern: " << error.what() << '\n';
    return postern::command::failed;
  }
}
