#include "observe/status/plot.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <numeric>

#include "observe/status/html.hpp"

namespace postern::observe {
namespace {

constexpr double width = 360, bottom = 130;

std::string number(double value) {
  std::array<char, 32> text{};
  const int size = std::snprintf(text.data(), text.size(), "%.1f", value);
  return {text.data(), static_cast<std::size_t>(std::max(size, 0))};
}

// The next of 1, 2, 5, 10, 20, ... so that the scale can be read and seldom jumps.
double round_up(double value) {
  if (value <= 0) return 1;
  const double power = std::pow(10, std::floor(std::log10(value)));
  for (const double step : {1., 2., 5.}) {
    if (step * power >= value) return step * power;
  }
  return 10 * power;
}

std::size_t length_of(const Plot& plot) {
  return plot.series.empty() ? 0 : plot.series.front().values.size();
}

double largest(const Plot& plot) {
  double most = 0;
  for (std::size_t i = 0; i < length_of(plot); ++i) {
    double sum = 0;
    for (const Series& series : plot.series) {
      sum = plot.kind == PlotKind::stacked_bars ? sum + series.values[i] : std::max(sum, series.values[i]);
    }
    most = std::max(most, sum);
  }
  return most;
}

double latest(const Series& series) {
  return series.values.empty() ? 0 : series.values.back();
}

double shown_in_legend(const Plot& plot, const Series& series) {
  if (plot.kind == PlotKind::lines) return latest(series);
  return std::accumulate(series.values.begin(), series.values.end(), 0.);
}

void append_bars(std::string& out, const Plot& plot, double top, double step, double from) {
  const double gap = step * .15;
  std::vector<double> heights(length_of(plot));
  for (const Series& series : plot.series) {
    std::string path;
    for (std::size_t i = 0; i < series.values.size(); ++i) {
      const double size = series.values[i] / top * bottom;
      if (size <= 0) continue;
      heights[i] += size;
      path += "M" + number(from + static_cast<double>(i) * step + gap) + " " + number(bottom - heights[i]) +
              "h" + number(step - 2 * gap) + "v" + number(size) + "h-" + number(step - 2 * gap) + "z";
    }
    if (!path.empty()) out += "<path class=\"fill " + std::string(series.color) + "\" d=\"" + path + "\"/>";
  }
}

// A line breaks where there was nothing to measure.
void append_lines(std::string& out, const Plot& plot, double top, double step, double from) {
  for (const Series& series : plot.series) {
    std::string path;
    bool drawing = false;
    for (std::size_t i = 0; i < series.values.size(); ++i) {
      const double value = series.values[i];
      if (value > 0) {
        const std::string x = number(from + (static_cast<double>(i) + .5) * step);
        path += (drawing ? "L" : "M") + x + " " + number(bottom - value / top * bottom);
        // A point alone is seen too.
        if (!drawing) path += "h.1";
      }
      drawing = value > 0;
    }
    if (!path.empty()) out += "<path class=\"line " + std::string(series.color) + "\" d=\"" + path + "\"/>";
  }
}

void append_legend(std::string& out, const Plot& plot) {
  out += "<ul class=\"legend\">";
  for (const Series& series : plot.series) {
    out += "<li><svg class=\"key\" viewBox=\"0 0 10 10\" aria-hidden=\"true\"><rect class=\"fill " +
           std::string(series.color) + "\" width=\"10\" height=\"10\" rx=\"2\"/></svg>" +
           escaped(series.name) + " <b>" + escaped(plot.text(shown_in_legend(plot, series))) + "</b></li>";
  }
  out += "</ul>";
}

}  // namespace

std::string figure(const Plot& plot, std::size_t slots) {
  const std::size_t length = length_of(plot);
  slots = std::max({slots, length, std::size_t{1}});
  const double top = round_up(largest(plot));
  const double step = width / static_cast<double>(slots);
  const double from = static_cast<double>(slots - length) * step;
  std::string spoken = std::string(plot.title);
  for (const Series& series : plot.series) spoken += ", " + series.name + " " + plot.text(latest(series));
  std::string out = "<figure><figcaption>" + escaped(plot.title) + "</figcaption>";
  out +=
      "<svg viewBox=\"0 0 360 150\" role=\"img\" aria-label=\"" + escaped(spoken) + " in the last minute\">";
  for (const double share : {0., .5, 1.}) {
    const std::string y = number(bottom - share * bottom + (share == 1. ? .5 : 0));
    out += "<path class=\"grid\" d=\"M0 " + y + "h" + number(width) + "\"/>";
  }
  if (plot.kind == PlotKind::stacked_bars) {
    append_bars(out, plot, top, step, from);
  } else {
    append_lines(out, plot, top, step, from);
  }
  out += "<text x=\"0\" y=\"12\">" + escaped(plot.text(top)) + "</text>";
  out += "<text x=\"0\" y=\"146\">" + std::to_string(slots) + " min ago</text>";
  out += "<text class=\"end\" x=\"360\" y=\"146\">now</text></svg>";
  append_legend(out, plot);
  return out + "</figure>";
}

}  // namespace postern::observe
