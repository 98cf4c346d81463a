#include "config/values/rates.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "host_environment.hpp"

using namespace postern::config;

TEST_CASE("a rate is a count, a period and a burst") {
  struct Row {
    std::string_view text;
    std::string_view shown;  // empty: no rate
  };
  const Row rows[] = {
      {"50/s burst 100", "50/s burst 100"},
      {"5/m", "5/m burst 5"},
      {"100/h burst 1", "100/h burst 1"},
      {"1000000/s burst 1000000", "1000000/s burst 1000000"},
      {" 5/s  burst  20 ", "5/s burst 20"},
      {"", ""},
      {"50", ""},
      {"/s", ""},
      {"0/s", ""},
      {"-1/s", ""},
      {"1.5/s", ""},
      {"1000001/s", ""},
      {"50/d", ""},
      {"50 / s", ""},
      {"50/s burst", ""},
      {"50/s burst 0", ""},
      {"50/s burst 1000001", ""},
      {"50/s 100", ""},
      {"50/s,burst 100", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto rate = parse_rate(row.text);
    CHECK((rate ? to_string(*rate) : "") == row.shown);
  }
}

TEST_CASE("the rates are off unless they are set, and can be turned off") {
  Config config;
  CHECK(show_rate<&Config::user_rate>(config) == "off");
  CHECK(read_rate<&Config::user_rate>("5/s", config).empty());
  CHECK(show_rate<&Config::user_rate>(config) == "5/s burst 5");
  CHECK_FALSE(read_rate<&Config::user_rate>("fast", config).empty());
  CHECK(show_rate<&Config::user_rate>(config) == "5/s burst 5");
  CHECK(read_rate<&Config::user_rate>("off", config).empty());
  CHECK(show_rate<&Config::user_rate>(config) == "off");
}

TEST_CASE("the share of logged requests lies between 0 and 1") {
  for (const std::string_view good : {"0", "1", "0.1", "0.001", "1.0", ".5"}) {
    Config config;
    CAPTURE(good);
    CHECK(read_log_sample(good, config).empty());
  }
  for (const std::string_view bad : {"-0.1", "1.1", "10%", "nan", "inf", "1e-1", "", "0,1", "0x1", "all"}) {
    Config config;
    CAPTURE(bad);
    CHECK_FALSE(read_log_sample(bad, config).empty());
    CHECK(config.log_sample == 1);
  }
  Config config;
  read_log_sample("0.1", config);
  CHECK(show_log_sample(config) == "0.1");
}

TEST_CASE("whoever limits failing addresses hears which address that is") {
  const auto warned = [](const std::vector<Variable>& environment) {
    const Outcome outcome = sample::with(environment);
    return std::any_of(outcome.warnings.begin(), outcome.warnings.end(), [](const std::string& warning) {
      return warning.starts_with("POSTERN_FAILED_AUTH_RATE");
    });
  };
  CHECK_FALSE(warned({}));
  CHECK(warned({{"POSTERN_FAILED_AUTH_RATE", "5/s burst 20"}}));
  CHECK_FALSE(warned({{"POSTERN_FAILED_AUTH_RATE", "off"}}));
  CHECK_FALSE(warned({{"POSTERN_FAILED_AUTH_RATE", "5/s"}, {"POSTERN_TRUSTED_PROXIES", "10.0.0.0/8"}}));
  CHECK(warned({{"POSTERN_FAILED_AUTH_RATE", "5/s"}, {"POSTERN_LISTEN", "unix:/tmp/x"}}));
}
