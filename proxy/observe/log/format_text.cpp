#include "observe/log/format_text.hpp"

namespace postern::observe {
namespace {

// ECMA-48 8.3.117, the colours that each terminal has.
constexpr std::string_view plain = "\x1b[0m";
constexpr std::string_view dim = "\x1b[2m";
constexpr std::string_view red = "\x1b[31m";
constexpr std::string_view green = "\x1b[32m";
constexpr std::string_view yellow = "\x1b[33m";
constexpr std::string_view cyan = "\x1b[36m";

constexpr std::size_t level_width = 6;
constexpr std::size_t verdict_width = 9;
constexpr std::size_t method_width = 8;
constexpr std::size_t duration_width = 10;

class Painter {
 public:
  Painter(Line& line, bool colored) noexcept : line_(line), colored_(colored) {}

  void begin(std::string_view color) noexcept {
    if (colored_) line_.put(color);
  }
  void end() noexcept { begin(plain); }

 private:
  Line& line_;
  bool colored_;
};

std::string_view color_of(Level level) noexcept {
  switch (level) {
    case Level::error:
      return red;
    case Level::warn:
      return yellow;
    case Level::info:
      return green;
    default:
      return dim;
  }
}

std::string_view color_of_status(unsigned status) noexcept {
  if (status == 0 || status >= 500) return red;
  if (status >= 400) return yellow;
  return status >= 300 ? cyan : green;
}

void put_start(Line& line, Painter& painter, std::int64_t unix_microseconds, Level level) noexcept {
  painter.begin(dim);
  line.put_time(unix_microseconds);
  painter.end();
  line.put(' ');
  painter.begin(color_of(level));
  const char* const begin = line.end();
  line.put(name_of(level));
  line.pad_from(begin, level_width);
  painter.end();
}

void put_padded(Line& line, std::string_view text, std::size_t width) noexcept {
  const char* const begin = line.end();
  line.put_escaped(text);
  line.pad_from(begin, width);
}

// Right-aligned, so that a slow one stands out.
void put_duration(Line& line, std::uint32_t microseconds) noexcept {
  std::size_t digits = 5;  // "0.000"
  for (std::uint32_t rest = microseconds / 10'000; rest != 0; rest /= 10) ++digits;
  for (std::size_t at = digits; at < duration_width; ++at) line.put(' ');
  line.put_milliseconds(microseconds);
  line.put("ms ");
}

void put_detail(Line& line, std::string_view name, std::string_view value) noexcept {
  if (value.empty()) return;
  line.put(' ');
  line.put(name);
  line.put('=');
  line.put_escaped(value);
}

}  // namespace

void put_access_as_text(Line& line, const AccessRecord& record, bool colored) noexcept {
  Painter painter(line, colored);
  put_start(line, painter, record.unix_microseconds, record.level);
  painter.begin(color_of_status(record.status));
  if (record.status == 0) {
    line.put("---");
  } else {
    line.put_number(record.status);
  }
  line.put(' ');
  put_padded(line, record.verdict, verdict_width);
  painter.end();
  put_padded(line, record.method, method_width);
  put_duration(line, record.total_microseconds);
  line.put_escaped(record.path.empty() ? std::string_view("-") : record.path);
  if (record.reason != "ok") {
    line.put(" (");
    line.put_escaped(record.reason);
    line.put(')');
  }
  painter.begin(dim);
  put_detail(line, "uid", record.uid);
  put_detail(line, "rule", record.rule);
  put_detail(line, "upstream", record.upstream);
  put_detail(line, "problem", record.problem);
  put_detail(line, "peer", record.peer);
  put_detail(line, "id", record.request_id);
  put_detail(line, "trace", record.trace_id);
  if (record.sampled < 1) {
    line.put(" sampled=");
    line.put_share(record.sampled);
  }
  painter.end();
}

void put_event_as_text(Line& line, std::int64_t unix_microseconds, Level level, std::string_view message,
                       Details details, bool colored) noexcept {
  Painter painter(line, colored);
  put_start(line, painter, unix_microseconds, level);
  line.put(message);
  painter.begin(dim);
  for (const auto& [name, value] : details) {
    line.put(' ');
    line.put(name);
    line.put('=');
    line.put_escaped(value);
  }
  painter.end();
}

}  // namespace postern::observe
