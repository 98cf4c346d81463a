#include "observe/words.hpp"

#include <algorithm>

namespace postern::observe {

std::string count(std::uint64_t number, std::string_view what) {
  return std::to_string(number) + " " + std::string(what) + (number == 1 ? "" : "s");
}

std::string span_of(std::int64_t seconds) {
  if (seconds < 120) return count(static_cast<std::uint64_t>(std::max<std::int64_t>(seconds, 0)), "second");
  if (seconds < 7200) return count(static_cast<std::uint64_t>(seconds / 60), "minute");
  if (seconds < 172'800) return count(static_cast<std::uint64_t>(seconds / 3600), "hour");
  return count(static_cast<std::uint64_t>(seconds / 86'400), "day");
}

}  // namespace postern::observe
