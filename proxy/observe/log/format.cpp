#include "observe/log/format.hpp"

#include "observe/log/format_text.hpp"
#include "observe/log/line.hpp"

namespace postern::observe {
namespace {

// Names, punctuation, numbers, colours and the time of any line.
constexpr std::size_t longest_frame = 640;

void put_name(Line& line, std::string_view name) noexcept {
  line.put(",\"");
  line.put(name);
  line.put("\":");
}

void put_member(Line& line, std::string_view name, std::string_view text) noexcept {
  put_name(line, name);
  line.put('"');
  line.put_escaped(text);
  line.put('"');
}

void put_member(Line& line, std::string_view name, std::uint64_t value) noexcept {
  put_name(line, name);
  line.put_number(value);
}

void put_optional(Line& line, std::string_view name, std::string_view text) noexcept {
  if (!text.empty()) put_member(line, name, text);
}

void put_access_as_json(Line& line, const AccessRecord& record) noexcept {
  line.put(R"({"time":")");
  line.put_time(record.unix_microseconds);
  line.put(R"(","level":")");
  line.put(name_of(record.level));
  line.put(R"(","msg":"request")");
  put_member(line, "request_id", record.request_id);
  put_optional(line, "trace_id", record.trace_id);
  put_member(line, "peer", record.peer);
  put_member(line, "method", record.method);
  put_member(line, "path", record.path);
  put_optional(line, "rule", record.rule);
  put_member(line, "verdict", record.verdict);
  put_member(line, "reason", record.reason);
  put_optional(line, "uid", record.uid);
  put_optional(line, "upstream", record.upstream);
  put_optional(line, "problem", record.problem);
  put_member(line, "status", record.status);
  put_member(line, "bytes_in", record.bytes_in);
  put_member(line, "bytes_out", record.bytes_out);
  line.put(R"(,"total_ms":)");
  line.put_milliseconds(record.total_microseconds);
  line.put(R"(,"upstream_ms":)");
  line.put_milliseconds(record.upstream_microseconds);
  if (record.sampled < 1) {
    put_name(line, "sampled");
    line.put_share(record.sampled);
  }
  line.put('}');
}

}  // namespace

std::size_t longest_line(const AccessRecord& record) noexcept {
  std::size_t texts = 0;
  for (const auto member : text_members) texts += (record.*member).size();
  return longest_frame + longest_escape * texts;
}

std::size_t write_access(std::span<char> room, const AccessRecord& record, Format format) noexcept {
  if (room.size() < longest_line(record)) return 0;
  Line line(room.data());
  if (format == Format::json) {
    put_access_as_json(line, record);
  } else {
    put_access_as_text(line, record, format == Format::colored_text);
  }
  return static_cast<std::size_t>(line.end() - room.data());
}

std::string format_event(std::int64_t unix_microseconds, Level level, std::string_view message,
                         Details details, Format format) {
  std::size_t texts = message.size();
  for (const auto& [name, value] : details) texts += name.size() + value.size() + 1;
  std::string out(longest_frame + longest_escape * texts, '\0');
  Line line(out.data());
  if (format == Format::json) {
    line.put(R"({"time":")");
    line.put_time(unix_microseconds);
    line.put('"');
    put_member(line, "level", name_of(level));
    put_member(line, "msg", message);
    for (const auto& [name, value] : details) put_member(line, name, value);
    line.put('}');
  } else {
    put_event_as_text(line, unix_microseconds, level, message, details, format == Format::colored_text);
  }
  out.resize(static_cast<std::size_t>(line.end() - out.data()));
  return out;
}

}  // namespace postern::observe
