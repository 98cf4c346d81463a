#include "config/values/timestamp.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

namespace postern::config {
namespace {

constexpr bool is_digit(char character) noexcept {
  return character >= '0' && character <= '9';
}

// Reads by a pattern in which '0' stands for a digit and everything else for itself.
bool has_form(std::string_view text, std::string_view pattern) noexcept {
  return text.size() == pattern.size() &&
         std::equal(text.begin(), text.end(), pattern.begin(), [](char given, char wanted) {
           return wanted == '0' ? is_digit(given) : given == wanted;
         });
}

int number(std::string_view digits) noexcept {
  int value = 0;
  for (const char digit : digits) value = value * 10 + (digit - '0');
  return value;
}

// Seconds east of UTC.
std::optional<int> parse_offset(std::string_view text) noexcept {
  if (text == "Z" || text == "z") return 0;
  if (!has_form(text, "+00:00") && !has_form(text, "-00:00")) return std::nullopt;
  const int hours = number(text.substr(1, 2)), minutes = number(text.substr(4, 2));
  if (hours > 23 || minutes > 59) return std::nullopt;
  return (text.front() == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
}

}  // namespace

std::optional<std::int64_t> parse_timestamp(std::string_view text) {
  constexpr std::string_view form = "0000-00-00T00:00:00";
  std::string head(text.substr(0, form.size()));
  if (head.size() == form.size() && head[10] == 't') head[10] = 'T';
  if (!has_form(head, form)) return std::nullopt;
  std::string_view rest = text.substr(form.size());
  if (rest.starts_with('.')) {
    const auto end = std::find_if_not(rest.begin() + 1, rest.end(), is_digit);
    const auto size = static_cast<std::size_t>(end - rest.begin());
    if (size == 1) return std::nullopt;
    rest.remove_prefix(size);
  }
  const auto offset = parse_offset(rest);
  const std::string_view digits = head;
  const std::chrono::year_month_day date{
      std::chrono::year(number(digits.substr(0, 4))),
      std::chrono::month(static_cast<unsigned>(number(digits.substr(5, 2)))),
      std::chrono::day(static_cast<unsigned>(number(digits.substr(8, 2))))};
  const std::int64_t hour = number(digits.substr(11, 2)), minute = number(digits.substr(14, 2));
  const std::int64_t second = number(digits.substr(17, 2));
  if (!offset || !date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return days * 86'400 + hour * 3600 + minute * 60 + second - *offset;
}

std::string timestamp_to_string(std::int64_t unix_seconds) {
  const std::chrono::sys_seconds time{std::chrono::seconds(unix_seconds)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  std::array<char, 64> out{};
  const int size =
      std::snprintf(out.data(), out.size(), "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
                    static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                    static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                    static_cast<int>(clock.seconds().count()));
  return {out.data(), static_cast<std::size_t>(size)};
}

}  // namespace postern::config
