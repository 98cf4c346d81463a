#pragma once
// What an event of the process is made of in the log.

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <utility>

namespace postern::observe {

enum class Level : std::uint8_t { debug, info, warn, error, off };
// "debug", "info", "warn", "error", "off".
std::string_view name_of(Level level) noexcept;

// Names and values beside its message.
using Details = std::initializer_list<std::pair<std::string_view, std::string_view>>;

}  // namespace postern::observe
