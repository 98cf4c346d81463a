#include "observe/log/event.hpp"

#include <array>
#include <cstddef>

namespace postern::observe {

std::string_view name_of(Level level) noexcept {
  constexpr std::array<std::string_view, 5> names = {"debug", "info", "warn", "error", "off"};
  return names[static_cast<std::size_t>(level)];
}

}  // namespace postern::observe
