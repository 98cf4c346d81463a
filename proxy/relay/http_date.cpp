#include "relay/http_date.hpp"

#include <array>
#include <ctime>

namespace postern::relay {

std::string_view HttpDate::at(std::int64_t unix_seconds) {
  if (unix_seconds == second_) return text_;
  const std::time_t seconds = unix_seconds;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 64> text;
  // The C locale is in force: main never sets another.
  text_.assign(text.data(), std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &utc));
  second_ = unix_seconds;
  return text_;
}

}  // namespace postern::relay
