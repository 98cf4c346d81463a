#include "observe/status/html.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

namespace postern::observe {
namespace {

template <class Number>
std::string printed(const char* format, Number number) {
  std::array<char, 64> text{};
  const int size = std::snprintf(text.data(), text.size(), format, number);
  return {text.data(), static_cast<std::size_t>(std::clamp(size, 0, static_cast<int>(text.size()) - 1))};
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        if (c >= 0x20 && c < 0x7F) {
          out += c;
        } else {
          out += "&#xFFFD;";
        }
    }
  }
  return out;
}

// RFC 3986 3.2.1. Of several @ the last one ends it, and what could end the authority for one reader only
// does not.
std::string without_user_info(std::string_view text) {
  constexpr std::string_view mark = "://";
  std::string out;
  for (std::size_t at = text.find(mark); at != std::string_view::npos; at = text.find(mark)) {
    out.append(text.substr(0, at + mark.size()));
    text.remove_prefix(at + mark.size());
    const std::string_view authority = text.substr(0, text.find_first_of("/?# \t,"));
    const std::size_t end = authority.rfind('@');
    if (end != std::string_view::npos) text.remove_prefix(end + 1);
  }
  return out.append(text);
}

std::string grouped(std::uint64_t number) {
  std::string out = std::to_string(number);
  for (std::size_t at = out.size(); at > 3; at -= 3) out.insert(at - 3, ",");
  return out;
}

std::string short_number(double number) {
  if (number <= 0) return "0";
  if (number < 1) return printed("%.2g", number);
  return printed(number < 10 ? "%.1f" : "%.0f", number);
}

std::string duration_text(double seconds) {
  if (seconds <= 0) return "-";
  if (seconds < 1) return short_number(seconds * 1000) + " ms";
  return short_number(seconds) + " s";
}

std::string time_text(std::int64_t unix_seconds) {
  if (unix_seconds <= 0) return "never";
  const std::time_t seconds = unix_seconds;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 64> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &utc)};
}

std::string span_text(std::int64_t seconds) {
  const auto two = [](std::int64_t large, std::string_view unit, std::int64_t small, std::string_view rest) {
    std::string out = std::to_string(large) + " " + std::string(unit);
    if (small != 0) out += " " + std::to_string(small) + " " + std::string(rest);
    return out;
  };
  seconds = std::max<std::int64_t>(0, seconds);
  if (seconds < 120) return std::to_string(seconds) + " s";
  if (seconds < 7200) return std::to_string(seconds / 60) + " min";
  if (seconds < 172'800) return two(seconds / 3600, "h", seconds / 60 % 60, "min");
  return two(seconds / 86'400, "d", seconds / 3600 % 24, "h");
}

}  // namespace postern::observe
