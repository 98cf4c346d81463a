#include "config/values/values.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace postern::config {
namespace {

struct Unit {
  std::string_view suffix;
  std::uint64_t factor;
};

// Longest suffix first: "ms" ends in "s".
constexpr std::array<Unit, 5> time_units = {
    {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
constexpr std::array<Unit, 4> size_units = {
    {{"TiB", 1ULL << 40}, {"GiB", 1ULL << 30}, {"MiB", 1ULL << 20}, {"KiB", 1ULL << 10}}};
constexpr std::uint64_t longest_duration = 3650ULL * 86'400'000;

std::optional<std::uint64_t> scaled(std::string_view number, std::uint64_t factor) {
  const auto value = parse_number(number);
  if (!value || *value > std::numeric_limits<std::uint64_t>::max() / factor) return std::nullopt;
  return *value * factor;
}

// The largest unit that divides the value evenly.
template <std::size_t N>
std::string with_unit(std::uint64_t value, const std::array<Unit, N>& units, bool ascending) {
  const Unit* best = nullptr;
  for (const Unit& unit : units) {
    if (value % unit.factor == 0 && value >= unit.factor && (ascending || best == nullptr)) best = &unit;
  }
  if (best == nullptr) return std::to_string(value);
  return std::to_string(value / best->factor) + std::string(best->suffix);
}

}  // namespace

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<Milliseconds> parse_duration(std::string_view text) {
  if (text == "0") return Milliseconds(0);
  for (const Unit& unit : time_units) {
    if (!text.ends_with(unit.suffix)) continue;
    const auto value = scaled(text.substr(0, text.size() - unit.suffix.size()), unit.factor);
    if (!value || *value > longest_duration) return std::nullopt;
    return Milliseconds(static_cast<std::int64_t>(*value));
  }
  return std::nullopt;
}

std::string to_string(Milliseconds duration) {
  if (duration.count() == 0) return "0s";
  return with_unit(static_cast<std::uint64_t>(duration.count()), time_units, true);
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  for (const Unit& unit : size_units) {
    if (text.ends_with(unit.suffix))
      return scaled(text.substr(0, text.size() - unit.suffix.size()), unit.factor);
  }
  return parse_number(text);
}

std::string size_to_string(std::uint64_t bytes) {
  return with_unit(bytes, size_units, false);
}

std::optional<bool> parse_bool(std::string_view text) {
  const std::string word = lower_case(text);
  for (const std::string_view yes : {"true", "yes", "on", "1"}) {
    if (word == yes) return true;
  }
  for (const std::string_view no : {"false", "no", "off", "0"}) {
    if (word == no) return false;
  }
  return std::nullopt;
}

std::vector<std::string_view> parse_list(std::string_view text) {
  std::vector<std::string_view> elements;
  while (true) {
    const std::size_t comma = text.find(',');
    const auto element = trimmed(text.substr(0, comma));
    if (!element.empty()) elements.push_back(element);
    if (comma == std::string_view::npos) return elements;
    text.remove_prefix(comma + 1);
  }
}

std::string_view trimmed(std::string_view text) noexcept {
  constexpr std::string_view blanks = " \t\r\n";
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

std::string shown_secret(std::string_view secret) {
  return "set (" + std::to_string(secret.size()) + " bytes)";
}

std::string shown(std::string_view value) {
  constexpr std::size_t longest = 60;
  constexpr char digits[] = "0123456789abcdef";
  std::string out = "'";
  for (const char c : value.substr(0, longest)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7F) {
      out += c;
    } else {
      out += "\\x";
      out += digits[byte >> 4];
      out += digits[byte & 0xF];
    }
  }
  out += value.size() > longest ? "...'" : "'";
  return out;
}

}  // namespace postern::config
