#include "config/values/rates.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "config/values/values.hpp"

namespace postern::config {
namespace {

constexpr std::uint64_t most = 1'000'000;

struct Period {
  std::string_view suffix;
  Milliseconds length;
};
constexpr std::array<Period, 3> periods = {
    {{"/s", Milliseconds(1000)}, {"/m", Milliseconds(60'000)}, {"/h", Milliseconds(3'600'000)}}};

std::optional<std::uint32_t> parse_count(std::string_view text) {
  const auto number = parse_number(text);
  if (!number || *number == 0 || *number > most) return std::nullopt;
  return static_cast<std::uint32_t>(*number);
}

}  // namespace

std::optional<RateSetting> parse_rate(std::string_view text) {
  constexpr std::string_view burst_word = " burst ";
  const std::size_t burst_at = text.find(burst_word);
  const std::string_view rate = trimmed(text.substr(0, burst_at));
  for (const Period& period : periods) {
    if (!rate.ends_with(period.suffix)) continue;
    const auto count = parse_count(rate.substr(0, rate.size() - period.suffix.size()));
    const auto burst = burst_at == std::string_view::npos
                           ? count
                           : parse_count(trimmed(text.substr(burst_at + burst_word.size())));
    if (!count || !burst) return std::nullopt;
    return RateSetting{*count, period.length, *burst};
  }
  return std::nullopt;
}

std::string to_string(const RateSetting& rate) {
  const auto period = std::find_if(periods.begin(), periods.end(),
                                   [&rate](const Period& known) { return known.length == rate.period; });
  const std::string_view suffix = period != periods.end() ? period->suffix : std::string_view("/?");
  return std::to_string(rate.count) + std::string(suffix) + " burst " + std::to_string(rate.burst);
}

std::string read_rate(std::string_view value, std::optional<RateSetting>& rate) {
  if (value == "off") {
    rate.reset();
    return {};
  }
  const auto parsed = parse_rate(value);
  if (!parsed) return shown(value) + " is no rate (50/s burst 100, 5/m, 100/h; 1 to 1000000, or off)";
  rate = parsed;
  return {};
}

std::string read_log_sample(std::string_view value, Config& config) {
  double share = 0;
  const auto [end, error] =
      std::from_chars(value.data(), value.data() + value.size(), share, std::chars_format::fixed);
  if (error != std::errc{} || end != value.data() + value.size() || !(share >= 0 && share <= 1)) {
    return shown(value) + " is no share between 0 and 1";
  }
  config.log_sample = share;
  return {};
}

std::string show_log_sample(const Config& config) {
  std::array<char, 32> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), config.log_sample).ptr};
}

void warn_of_rates(Outcome& outcome) {
  const Config& config = outcome.config;
  if (!config.failed_auth_rate) return;
  const bool nobody_is_trusted = config.trusted_proxies.ranges.empty() && !config.trusted_proxies.unix_peers;
  if (std::holds_alternative<UnixEndpoint>(config.listen) && nobody_is_trusted) {
    outcome.warnings.push_back(
        "POSTERN_FAILED_AUTH_RATE: has no effect on a unix socket, whose peers have no address, without "
        "POSTERN_TRUSTED_PROXIES");
  } else if (nobody_is_trusted) {
    outcome.warnings.push_back(
        "POSTERN_FAILED_AUTH_RATE: counts by the address that connects; behind a balancer that is the "
        "balancer's, unless POSTERN_TRUSTED_PROXIES names it");
  }
}

}  // namespace postern::config
