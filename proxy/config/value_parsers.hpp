#pragma once
// How the common kinds of settings are read and shown, each bound to the member of Config that it sets. A
// parser returns what is wrong with the value, or nothing.

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "config/config.hpp"
#include "config/values/values.hpp"

namespace postern::config::value_parsers {

inline constexpr std::string_view good = {};

inline std::string not_between(std::string_view value, std::string_view least, std::string_view most) {
  return shown(value) + " is not between " + std::string(least) + " and " + std::string(most);
}

template <Milliseconds Config::*Member, std::int64_t Least = 1, std::int64_t Most = 86'400'000>
std::string read_duration(std::string_view value, Config& config) {
  constexpr Milliseconds most{Most};
  const auto duration = parse_duration(value);
  if (!duration) return shown(value) + " is no duration (250ms, 10s, 5m, 1h)";
  if (*duration < Milliseconds(Least) || *duration > most) {
    return not_between(value, to_string(Milliseconds(Least)), to_string(most));
  }
  config.*Member = *duration;
  return std::string(good);
}

template <Milliseconds Config::*Member>
std::string show_duration(const Config& config) {
  return to_string(config.*Member);
}

template <bool Config::*Member>
std::string read_bool(std::string_view value, Config& config) {
  const auto yes = parse_bool(value);
  if (!yes) return shown(value) + " is neither true nor false";
  config.*Member = *yes;
  return std::string(good);
}

template <bool Config::*Member>
std::string show_bool(const Config& config) {
  return config.*Member ? "true" : "false";
}

// One of two words.
template <bool Config::*Member, const std::string_view& WhenTrue, const std::string_view& WhenFalse>
std::string read_word(std::string_view value, Config& config) {
  if (value != WhenTrue && value != WhenFalse) {
    return shown(value) + " is neither " + std::string(WhenFalse) + " nor " + std::string(WhenTrue);
  }
  config.*Member = value == WhenTrue;
  return std::string(good);
}

template <bool Config::*Member, const std::string_view& WhenTrue, const std::string_view& WhenFalse>
std::string show_word(const Config& config) {
  return std::string(config.*Member ? WhenTrue : WhenFalse);
}

template <class Number, Number Config::*Member, std::uint64_t Least, std::uint64_t Most>
std::string read_count(std::string_view value, Config& config) {
  const auto number = parse_number(value);
  if (!number) return shown(value) + " is no whole number";
  if (*number < Least || *number > Most)
    return not_between(value, std::to_string(Least), std::to_string(Most));
  config.*Member = static_cast<Number>(*number);
  return std::string(good);
}

template <class Number, Number Config::*Member>
std::string show_count(const Config& config) {
  return std::to_string(config.*Member);
}

template <class Number, Number Config::*Member, std::uint64_t Least, std::uint64_t Most>
std::string read_size(std::string_view value, Config& config) {
  const auto size = parse_size(value);
  if (!size) return shown(value) + " is no size (512, 16KiB, 100MiB)";
  if (*size < Least || *size > Most) return not_between(value, size_to_string(Least), size_to_string(Most));
  config.*Member = static_cast<Number>(*size);
  return std::string(good);
}

template <class Number, Number Config::*Member>
std::string show_size(const Config& config) {
  return size_to_string(config.*Member);
}

template <class Enum, Enum Config::*Member, const auto& Names>
std::string read_choice(std::string_view value, Config& config) {
  const auto found = std::find(Names.begin(), Names.end(), value);
  if (found == Names.end()) {
    std::string names;
    for (const std::string_view name : Names) names += (names.empty() ? "" : ", ") + std::string(name);
    return shown(value) + " is none of " + names;
  }
  config.*Member = static_cast<Enum>(found - Names.begin());
  return std::string(good);
}

template <class Enum, Enum Config::*Member, const auto& Names>
std::string show_choice(const Config& config) {
  return std::string(Names[static_cast<std::size_t>(config.*Member)]);
}

}  // namespace postern::config::value_parsers
