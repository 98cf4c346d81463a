#include "observe/status/plot.hpp"

#include <doctest/doctest.h>

using namespace postern::observe;

namespace {

std::string whole(double value) {
  return std::to_string(static_cast<int>(value));
}

bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("bars are stacked under a round top, and the latest stands at the right") {
  const Plot plot{"Requests", PlotKind::stacked_bars, {{"good", "c1", {1, 4}}, {"bad", "c2", {0, 3}}}, whole};
  const std::string drawn = figure(plot, 60);
  CHECK(holds(drawn, ">10</text>"));  // 7 at most
  // The last of sixty places of 6 units: 4 of 10 are 52 of 130 units high, and 3 more stand on them.
  CHECK(holds(drawn, "M354.9 78.0h4.2v52.0h-4.2z"));
  CHECK(holds(drawn, "M354.9 39.0h4.2v39.0h-4.2z"));
  CHECK(holds(drawn, "good <b>5</b>"));
  CHECK(holds(drawn, "aria-label=\"Requests, good 4, bad 3 in the last minute\""));
}

TEST_CASE("a line breaks where nothing was measured") {
  const Plot plot{"Latency", PlotKind::lines, {{"half", "c1", {1, 2, 0, 2}}}, whole};
  const std::string drawn = figure(plot, 4);
  CHECK(holds(drawn, "d=\"M45.0 65.0h.1L135.0 0.0M315.0 0.0h.1\""));
}

TEST_CASE("a plot of nothing is still a plot") {
  for (const PlotKind kind : {PlotKind::stacked_bars, PlotKind::lines}) {
    const std::string drawn = figure({"Nothing", kind, {{"none", "c1", {}}}, whole}, 60);
    CHECK(holds(drawn, "<svg"));
    CHECK_FALSE(holds(drawn, "nan"));
    CHECK_FALSE(holds(drawn, "inf"));
    CHECK(holds(figure({"None", kind, {}, whole}, 60), "<svg"));
  }
}

TEST_CASE("a hostile name stays text") {
  const Plot plot{"P", PlotKind::stacked_bars, {{"<script>\"", "c1", {1}}}, whole};
  CHECK_FALSE(holds(figure(plot, 1), "<script"));
}
