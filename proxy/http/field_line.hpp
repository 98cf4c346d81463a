#pragma once
// Field lines as they are written (RFC 9112 5).

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/message.hpp"

namespace postern::http {

inline void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

// A line that was received as it would be written leaves as it is, in one piece.
inline void append_field(std::string& out, const Field& field) {
  const char* const colon = field.name.data() + field.name.size();
  if (field.value.data() == colon + 2 && colon[0] == ':' && colon[1] == ' ') {
    out.append(field.name.data(), field.name.size() + 2 + field.value.size()).append("\r\n");
  } else {
    append_field(out, field.name, field.value);
  }
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
