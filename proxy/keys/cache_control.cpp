#include "keys/cache_control.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <system_error>

#include "config/values/values.hpp"

namespace postern::keys {
namespace {

constexpr std::string_view name = "max-age=";
constexpr std::int64_t longest = 10LL * 365 * 24 * 3600;

bool names_max_age(std::string_view directive) noexcept {
  return directive.size() > name.size() &&
         std::equal(name.begin(), name.end(), directive.begin(), [](char expected, char given) {
           return expected == (given >= 'A' && given <= 'Z' ? static_cast<char>(given | 0x20) : given);
         });
}

}  // namespace

std::optional<std::chrono::seconds> max_age_of(std::string_view cache_control) noexcept {
  std::optional<std::chrono::seconds> found;
  while (!cache_control.empty()) {
    const std::size_t comma = std::min(cache_control.find(','), cache_control.size());
    std::string_view directive = config::trimmed(cache_control.substr(0, comma));
    cache_control.remove_prefix(std::min(comma + 1, cache_control.size()));
    if (!names_max_age(directive)) continue;
    directive.remove_prefix(name.size());
    if (directive.size() > 2 && directive.front() == '"' && directive.back() == '"') {
      directive = directive.substr(1, directive.size() - 2);
    }
    std::uint64_t seconds = 0;
    const char* const end = directive.data() + directive.size();
    const auto [stopped, error] = std::from_chars(directive.data(), end, seconds);
    if (stopped != end || error == std::errc::invalid_argument) continue;
    // RFC 9111 1.2.2: what is too large to count counts as very long.
    const bool huge = error != std::errc() || seconds > static_cast<std::uint64_t>(longest);
    const std::chrono::seconds age(huge ? longest : static_cast<std::int64_t>(seconds));
    found = found ? std::min(*found, age) : age;
  }
  return found;
}

}  // namespace postern::keys
