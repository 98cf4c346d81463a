#include "observe/metrics/process_figures.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace postern::observe;

namespace {

constexpr std::string_view fields =
    " S 1 2 3 4 5 6 7 8 9 10 250 50 13 14 15 16 3 18 1000 104857600 2560 18446744073709551615 1 2\n";

}  // namespace

TEST_CASE("the figures are read from the fields of /proc/self/stat") {
  for (const std::string_view name : {"(postern)", "(a b) c)", "(()"}) {
    const auto figures = parse_stat("42 " + std::string(name) + std::string(fields), 1'000'000, 100, 4096);
    REQUIRE(figures);
    CHECK(figures->cpu_seconds == doctest::Approx(3));
    CHECK(figures->threads == 3);
    CHECK(figures->start_time == doctest::Approx(1'000'010));
    CHECK(figures->virtual_bytes == 104857600);
    CHECK(figures->resident_bytes == 2560 * 4096);
  }
}

TEST_CASE("what is no such file gives no figures") {
  for (const std::string_view text : {"", "42", "42 (postern)", "42 (postern) S 1 2 3", "nonsense) "}) {
    CAPTURE(text);
    CHECK_FALSE(parse_stat(text, 0, 100, 4096));
  }
  CHECK_FALSE(parse_stat("42 (postern)" + std::string(fields), 0, 0, 4096));
}

TEST_CASE("this process has figures") {
  const auto figures = read_process_figures();
  REQUIRE(figures);
  // Not its memory: an emulator of another architecture answers this file itself, with 0 there.
  CHECK(figures->threads >= 1);
  CHECK(figures->start_time > 1'000'000'000);
  CHECK(figures->open_descriptors.value_or(0) >= 3);
}
