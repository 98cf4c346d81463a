#include "command/options.hpp"

#include <vector>

namespace postern::command {

namespace options = boost::program_options;

std::optional<std::string> read_options(std::span<const std::string> arguments,
                                        const options::options_description& known,
                                        const options::positional_options_description& positions) {
  try {
    options::variables_map found;
    options::command_line_parser parser(std::vector<std::string>(arguments.begin(), arguments.end()));
    options::store(parser.options(known).positional(positions).run(), found);
    options::notify(found);
  } catch (const options::error& error) {
    return error.what();
  }
  return std::nullopt;
}

}  // namespace postern::command
