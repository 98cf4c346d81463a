#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <ctime>

#include "observe/log.hpp"

namespace postern::observe {
namespace {

constexpr char hex_digits[] = "0123456789abcdef";

// Bytes that stand for themselves in a line: printable ASCII but for the quote and the backslash.
constexpr auto plain = [] {
  std::array<bool, 256> table{};
  for (std::size_t byte = 0x20; byte < 0x7F; ++byte) table[byte] = byte != '"' && byte != '\\';
  return table;
}();

bool is_plain(char c) noexcept {
  return plain[static_cast<unsigned char>(c)];
}

// An escaped byte takes this many.
constexpr std::size_t longest_escape = 6;
// Names, punctuation, numbers and the time of any line.
constexpr std::size_t longest_frame = 512;

// Writes on into room that was made before: what a line can take at most is known when it begins.
class Line {
 public:
  explicit Line(char* begin) noexcept : at_(begin) {}
  [[nodiscard]] const char* end() const noexcept { return at_; }

  void put(char c) noexcept { *at_++ = c; }
  void put(std::string_view text) noexcept {
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
  }
  void put_number(std::uint64_t value) noexcept { at_ = std::to_chars(at_, at_ + 20, value).ptr; }
  void put_three_digits(unsigned value) noexcept {
    put(static_cast<char>('0' + value / 100));
    put(static_cast<char>('0' + value / 10 % 10));
    put(static_cast<char>('0' + value % 10));
  }
  // Three decimals: microseconds are what was measured.
  void put_milliseconds(std::uint32_t microseconds) noexcept {
    put_number(microseconds / 1000);
    put('.');
    put_three_digits(microseconds % 1000);
  }
  void put_escaped(std::string_view text) noexcept;
  void put_time(std::int64_t unix_microseconds) noexcept;
  void put_member(std::string_view name, std::string_view text) noexcept {
    put_name(name);
    put('"');
    put_escaped(text);
    put('"');
  }
  void put_member(std::string_view name, std::uint64_t value) noexcept {
    put_name(name);
    put_number(value);
  }

 private:
  void put_name(std::string_view name) noexcept {
    put(",\"");
    put(name);
    put("\":");
  }

  char* at_;
};

void Line::put_escaped(std::string_view text) noexcept {
  while (true) {
    const auto odd = std::find_if_not(text.begin(), text.end(), is_plain);
    const auto size = static_cast<std::size_t>(odd - text.begin());
    put(text.substr(0, size));
    if (odd == text.end()) return;
    const auto byte = static_cast<unsigned char>(*odd);
    if (byte == '"' || byte == '\\') {
      put('\\');
      put(*odd);
    } else {
      put("\\u00");
      put(hex_digits[byte >> 4]);
      put(hex_digits[byte & 0xF]);
    }
    text.remove_prefix(size + 1);
  }
}

void Line::put_time(std::int64_t unix_microseconds) noexcept {
  // Most lines are of the second of the line before.
  thread_local std::time_t known_second = -1;
  thread_local std::array<char, 40> text;
  thread_local std::size_t size = 0;
  const std::time_t second = unix_microseconds / 1'000'000;
  if (second != known_second) {
    std::tm utc{};
    gmtime_r(&second, &utc);
    size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &utc);
    known_second = second;
  }
  put({text.data(), size});
  put('.');
  put_three_digits(static_cast<unsigned>(unix_microseconds / 1000 % 1000));
  put('Z');
}

std::string_view name_of(Level level) {
  constexpr std::array<std::string_view, 5> names = {"debug", "info", "warn", "error", "off"};
  return names[static_cast<std::size_t>(level)];
}

void put_access_as_json(Line& line, const AccessRecord& record) noexcept {
  line.put(R"({"time":")");
  line.put_time(record.unix_microseconds);
  line.put(R"(","level":"info","msg":"request")");
  line.put_member("request_id", record.request_id);
  line.put_member("peer", record.peer);
  line.put_member("method", record.method);
  line.put_member("path", record.path);
  if (!record.rule.empty()) line.put_member("rule", record.rule);
  line.put_member("verdict", record.verdict);
  line.put_member("reason", record.reason);
  if (!record.uid.empty()) line.put_member("uid", record.uid);
  line.put_member("status", record.status);
  line.put_member("bytes_in", record.bytes_in);
  line.put_member("bytes_out", record.bytes_out);
  line.put(R"(,"total_ms":)");
  line.put_milliseconds(record.total_microseconds);
  line.put(R"(,"upstream_ms":)");
  line.put_milliseconds(record.upstream_microseconds);
  line.put('}');
}

void put_access_as_text(Line& line, const AccessRecord& record) noexcept {
  line.put_time(record.unix_microseconds);
  line.put(' ');
  line.put_escaped(record.peer);
  line.put(' ');
  line.put_escaped(record.method);
  line.put(' ');
  line.put_escaped(record.path);
  line.put(' ');
  line.put_number(record.status);
  line.put(' ');
  line.put(record.verdict);
  line.put(" (");
  line.put_escaped(record.reason);
  line.put(") uid=");
  line.put_escaped(record.uid.empty() ? std::string_view("-") : record.uid);
  line.put(" rule=");
  line.put_escaped(record.rule.empty() ? std::string_view("-") : record.rule);
  line.put(' ');
  line.put_milliseconds(record.total_microseconds);
  line.put("ms id=");
  line.put_escaped(record.request_id);
}

}  // namespace

std::size_t longest_line(const AccessRecord& record) noexcept {
  const std::size_t texts = record.request_id.size() + record.peer.size() + record.method.size() +
                            record.path.size() + record.rule.size() + record.verdict.size() +
                            record.reason.size() + record.uid.size();
  return longest_frame + longest_escape * texts;
}

std::size_t write_access(std::span<char> room, const AccessRecord& record, Format format) noexcept {
  if (room.size() < longest_line(record)) return 0;
  Line line(room.data());
  if (format == Format::json) {
    put_access_as_json(line, record);
  } else {
    put_access_as_text(line, record);
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
    line.put_member("level", name_of(level));
    line.put_member("msg", message);
    for (const auto& [name, value] : details) line.put_member(name, value);
    line.put('}');
  } else {
    line.put_time(unix_microseconds);
    line.put(' ');
    line.put(name_of(level));
    line.put(' ');
    line.put(message);
    for (const auto& [name, value] : details) {
      line.put(' ');
      line.put(name);
      line.put('=');
      line.put_escaped(value);
    }
  }
  out.resize(static_cast<std::size_t>(line.end() - out.data()));
  return out;
}

}  // namespace postern::observe
