#include <algorithm>
#include <array>
#include <charconv>
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

void append_escaped(std::string& out, std::string_view text) {
  while (true) {
    const auto odd = std::find_if_not(text.begin(), text.end(), is_plain);
    out.append(text.begin(), odd);
    if (odd == text.end()) return;
    const auto byte = static_cast<unsigned char>(*odd);
    if (byte == '"' || byte == '\\') {
      out += '\\';
      out += *odd;
    } else {
      out += "\\u00";
      out += hex_digits[byte >> 4];
      out += hex_digits[byte & 0xF];
    }
    text.remove_prefix(static_cast<std::size_t>(odd - text.begin()) + 1);
  }
}

void append_number(std::string& out, std::uint64_t value) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

// Milliseconds with three decimals: microseconds are what was measured.
void append_milliseconds(std::string& out, std::uint32_t microseconds) {
  append_number(out, microseconds / 1000);
  const auto rest = microseconds % 1000;
  out += '.';
  out += static_cast<char>('0' + rest / 100);
  out += static_cast<char>('0' + rest / 10 % 10);
  out += static_cast<char>('0' + rest % 10);
}

void append_time(std::string& out, std::int64_t unix_microseconds) {
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
  out.append(text.data(), size);
  const auto milliseconds = static_cast<unsigned>(unix_microseconds / 1000 % 1000);
  out += '.';
  out += static_cast<char>('0' + milliseconds / 100);
  out += static_cast<char>('0' + milliseconds / 10 % 10);
  out += static_cast<char>('0' + milliseconds % 10);
  out += 'Z';
}

void append_member(std::string& out, std::string_view name, std::string_view text) {
  out += ",\"";
  out += name;
  out += "\":\"";
  append_escaped(out, text);
  out += '"';
}

void append_member(std::string& out, std::string_view name, std::uint64_t value) {
  out += ",\"";
  out += name;
  out += "\":";
  append_number(out, value);
}

std::string_view name_of(Level level) {
  constexpr std::array<std::string_view, 5> names = {"debug", "info", "warn", "error", "off"};
  return names[static_cast<std::size_t>(level)];
}

void append_access_as_json(std::string& out, const AccessRecord& record) {
  out += R"({"time":")";
  append_time(out, record.unix_microseconds);
  out += R"(","level":"info","msg":"request")";
  append_member(out, "request_id", record.request_id);
  append_member(out, "peer", record.peer);
  append_member(out, "method", record.method);
  append_member(out, "path", record.path);
  if (!record.rule.empty()) append_member(out, "rule", record.rule);
  append_member(out, "verdict", record.verdict);
  append_member(out, "reason", record.reason);
  if (!record.uid.empty()) append_member(out, "uid", record.uid);
  append_member(out, "status", record.status);
  append_member(out, "bytes_in", record.bytes_in);
  append_member(out, "bytes_out", record.bytes_out);
  out += R"(,"total_ms":)";
  append_milliseconds(out, record.total_microseconds);
  out += R"(,"upstream_ms":)";
  append_milliseconds(out, record.upstream_microseconds);
  out += '}';
}

void append_access_as_text(std::string& out, const AccessRecord& record) {
  append_time(out, record.unix_microseconds);
  out += ' ';
  append_escaped(out, record.peer);
  out += ' ';
  append_escaped(out, record.method);
  out += ' ';
  append_escaped(out, record.path);
  out += ' ';
  append_number(out, record.status);
  out += ' ';
  out += record.verdict;
  out += " (";
  out += record.reason;
  out += ") uid=";
  out += record.uid.empty() ? std::string_view("-") : record.uid;
  out += " rule=";
  if (record.rule.empty()) out += '-';
  append_escaped(out, record.rule);
  out += ' ';
  append_milliseconds(out, record.total_microseconds);
  out += "ms id=";
  append_escaped(out, record.request_id);
}

}  // namespace

void append_access(std::string& out, const AccessRecord& record, Format format) {
  if (format == Format::json) return append_access_as_json(out, record);
  append_access_as_text(out, record);
}

std::string format_event(std::int64_t unix_microseconds, Level level, std::string_view message,
                         Details details, Format format) {
  std::string out = format == Format::json ? R"({"time":")" : "";
  append_time(out, unix_microseconds);
  if (format == Format::json) {
    out += '"';
    append_member(out, "level", name_of(level));
    append_member(out, "msg", message);
    for (const auto& [name, value] : details) append_member(out, name, value);
    out += '}';
    return out;
  }
  out += ' ';
  out += name_of(level);
  out += ' ';
  out += message;
  for (const auto& [name, value] : details) {
    out += ' ';
    out += name;
    out += '=';
    append_escaped(out, value);
  }
  return out;
}

}  // namespace postern::observe
