#include "config/values/values.hpp"

#include <doctest/doctest.h>

#include <array>
#include <limits>

using namespace postern::config;

TEST_CASE("durations are whole numbers with a unit") {
  struct Row {
    std::string_view text;
    std::optional<std::int64_t> milliseconds;
  };
  const std::array<Row, 17> rows = {{
      {"250ms", 250},
      {"10s", 10'000},
      {"5m", 300'000},
      {"1h", 3'600'000},
      {"30d", 2'592'000'000},
      {"0", 0},
      {"0s", 0},
      {"3650d", 315'360'000'000},
      {"3651d", std::nullopt},
      {"", std::nullopt},
      {"10", std::nullopt},
      {"s", std::nullopt},
      {"-1s", std::nullopt},
      {"+1s", std::nullopt},
      {"1.5s", std::nullopt},
      {"1 s", std::nullopt},
      {"99999999999999999999d", std::nullopt},
  }};
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto parsed = parse_duration(row.text);
    CHECK(parsed.has_value() == row.milliseconds.has_value());
    if (parsed && row.milliseconds) CHECK(parsed->count() == *row.milliseconds);
  }
}

TEST_CASE("sizes are bytes, or multiples with a binary unit") {
  CHECK(parse_size("512") == 512);
  CHECK(parse_size("16KiB") == 16384);
  CHECK(parse_size("100MiB") == 104857600);
  CHECK(parse_size("1GiB") == 1ULL << 30);
  CHECK(parse_size("1TiB") == 1ULL << 40);
  for (const std::string_view bad :
       {"", "KiB", "16KB", "16kib", "16 KiB", "-1", "1.5MiB", "17000000TiB", "0x10"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_size(bad));
  }
}

TEST_CASE("what is printed reads back as the same") {
  for (const std::int64_t milliseconds :
       {1L, 250L, 1000L, 1500L, 60'000L, 90'000L, 3'600'000L, 2'592'000'000L}) {
    CHECK(parse_duration(to_string(Milliseconds(milliseconds)))->count() == milliseconds);
  }
  for (const std::uint64_t bytes : {0ULL, 1ULL, 1000ULL, 1024ULL, 1ULL << 20, (1ULL << 40) + 1}) {
    CHECK(parse_size(size_to_string(bytes)) == bytes);
  }
  CHECK(to_string(Milliseconds(90'000)) == "90s");
  CHECK(size_to_string(16384) == "16KiB");
}

TEST_CASE("yes and no have several spellings, and nothing else is one of them") {
  for (const std::string_view yes : {"true", "TRUE", "yes", "on", "1"}) CHECK(parse_bool(yes) == true);
  for (const std::string_view no : {"false", "No", "off", "0"}) CHECK(parse_bool(no) == false);
  for (const std::string_view bad : {"", "maybe", "2", "true "}) CHECK_FALSE(parse_bool(bad));
}

TEST_CASE("lists drop white space and empty elements") {
  CHECK(parse_list(" a, b ,,c\n,") == std::vector<std::string_view>{"a", "b", "c"});
  CHECK(parse_list(" , ").empty());
}

TEST_CASE("a value in a message cannot forge another line or hide what it is") {
  CHECK(shown("a\nb\x1b[31m\xff") == "'a\\x0ab\\x1b[31m\\xff'");
  CHECK(shown(std::string(100, 'x')) == "'" + std::string(60, 'x') + "...'");
}
