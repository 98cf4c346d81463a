#pragma once
// UTF-8 as Unicode defines it (RFC 3629): no overlong form, no surrogate, nothing over U+10FFFF.

#include <string_view>

namespace postern::route {

bool valid_utf8(std::string_view text) noexcept;

// Whether valid UTF-8 `text` holds a C0 control, DEL or a C1 control (U+0080 to U+009F).
bool has_control_character(std::string_view text) noexcept;

constexpr bool is_c0_or_del(char character) noexcept {
  return static_cast<unsigned char>(character) < 0x20 || character == 0x7F;
}

constexpr bool is_ascii(char character) noexcept {
  return static_cast<unsigned char>(character) < 0x80;
}

}  // namespace postern::route
