#include "observe/log/line.hpp"

#include <algorithm>
#include <array>
#include <ctime>

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

}  // namespace

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

}  // namespace postern::observe
