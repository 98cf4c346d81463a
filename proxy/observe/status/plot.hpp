#pragma once
// Small plots of the last hour as SVG, without a style or a script of their own: colours are classes of the
// page.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace postern::observe {

struct Series {
  std::string name;        // not escaped yet
  std::string_view color;  // a class of the page: "c1" to "c6"
  std::vector<double> values;
};

enum class PlotKind : std::uint8_t { stacked_bars, lines };

struct Plot {
  std::string_view title;
  PlotKind kind = PlotKind::stacked_bars;
  std::vector<Series> series;         // of equal length, oldest first
  std::string (*text)(double value);  // how a value is written, with its unit
};

// A figure: title, legend with the sums or the latest values, and the plot, which a screen reader hears as
// its title and the latest values. `slots`: how many values there is room for; fewer stand at the right.
std::string figure(const Plot& plot, std::size_t slots);

}  // namespace postern::observe
