#pragma once
// A command's arguments, read by Boost.Program_options.

#include <boost/program_options.hpp>
#include <optional>
#include <span>
#include <string>

namespace postern::command {

// Puts what `known` options and `positions` name into the variables they are bound to; nothing then, or what
// is wrong with the arguments.
std::optional<std::string> read_options(
    std::span<const std::string> arguments, const boost::program_options::options_description& known,
    const boost::program_options::positional_options_description& positions = {});

}  // namespace postern::command
