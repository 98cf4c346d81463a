#pragma once
// Field lines as they are written (RFC 9112 5).

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace postern::http {

inline void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

inline void append_number(std::string& out, std::uint64_t number) {
  char digits[20];
  out.append(digits,
             static_cast<std::size_t>(std::to_chars(digits, digits + sizeof digits, number).ptr - digits));
}

inline void append_content_length(std::string& out, std::uint64_t length) {
  out.append("Content-Length: ");
  append_number(out, length);
  out.append("\r\n");
}

}  // namespace postern::http
