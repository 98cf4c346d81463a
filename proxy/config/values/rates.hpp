#pragma once
// Rates and shares: POSTERN_USER_RATE, POSTERN_FAILED_AUTH_RATE, POSTERN_LOG_SAMPLE.

#include <optional>
#include <string>
#include <string_view>

#include "config/config.hpp"

namespace postern::config {

// "50/s burst 100", "5/m", "100/h"; without a burst it is the count. Both are 1 to 1,000,000.
std::optional<RateSetting> parse_rate(std::string_view text);
std::string to_string(const RateSetting& rate);

// "off", or a rate; says what is wrong.
std::string read_rate(std::string_view value, std::optional<RateSetting>& rate);

template <std::optional<RateSetting> Config::*Member>
std::string read_rate(std::string_view value, Config& config) {
  return read_rate(value, config.*Member);
}

template <std::optional<RateSetting> Config::*Member>
std::string show_rate(const Config& config) {
  return config.*Member ? to_string(*(config.*Member)) : "off";
}

// 0 to 1.
std::string read_log_sample(std::string_view value, Config& config);
std::string show_log_sample(const Config& config);

// What POSTERN_FAILED_AUTH_RATE cannot do in this configuration.
void warn_of_rates(Outcome& outcome);

}  // namespace postern::config
