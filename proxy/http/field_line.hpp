#pragma once
// Field lines as they are written (RFC 9112 5).

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/message.hpp"

namespace postern::http {

inline void append_number(std::string& out, std::uint64_t number) {
  char digits[20];
  out.append(digits,
             static_cast<std::size_t>(std::to_chars(digits, digits + sizeof digits, number).ptr - digits));
}

// Around a value that comes in pieces.
inline void begin_field(std::string& out, std::string_view name) {
  out.append(name).append(": ");
}
inline void end_field(std::string& out) {
  out.append("\r\n");
}

inline void append_field(std::string& out, std::string_view name, std::string_view value) {
  begin_field(out, name);
  out.append(value);
  end_field(out);
}

inline void append_field(std::string& out, std::string_view name, std::uint64_t value) {
  begin_field(out, name);
  append_number(out, value);
  end_field(out);
}

// What both sides are told with a 101 (RFC 9110 7.8).
inline void append_websocket_upgrade(std::string& out) {
  out.append("Connection: Upgrade\r\nUpgrade: websocket\r\n");
}

// Copies field lines as they were received. Lines that stand one behind the other, written as they would be
// written here, leave in one piece.
class FieldLines {
 public:
  explicit FieldLines(std::string& out) noexcept : out_(out) {}
  FieldLines(const FieldLines&) = delete;
  FieldLines& operator=(const FieldLines&) = delete;
  ~FieldLines() { flush(); }

  // A view into a whole line with its CRLF.
  void append(const Field& field) {
    const char* const begin = field.name.data();
    const char* const colon = begin + field.name.size();
    const char* const end = field.value.data() + field.value.size();
    const bool canonical =
        field.value.data() == colon + 2 && colon[0] == ':' && colon[1] == ' ' && *end == '\r';
    if (!canonical || begin != end_) flush();
    if (!canonical) return append_field(out_, field.name, field.value);
    if (begin_ == nullptr) begin_ = begin;
    end_ = end + 2;
  }
  void flush() {
    if (begin_ != nullptr) out_.append(begin_, static_cast<std::size_t>(end_ - begin_));
    begin_ = end_ = nullptr;
  }

 private:
  std::string& out_;
  const char* begin_ = nullptr;  // of the lines that are to leave
  const char* end_ = nullptr;
};

}  // namespace postern::http
