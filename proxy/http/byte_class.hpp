#pragma once
// The classes of bytes that the grammar of HTTP names (RFC 9110 5.5, 5.6.2), never the locale's.

#include <array>
#include <cstddef>
#include <string_view>

namespace postern::http {
namespace detail {

constexpr std::array<bool, 256> token_bytes() noexcept {
  std::array<bool, 256> table{};
  for (const char byte : std::string_view("!#$%&'*+-.^_`|~0123456789"
                                          "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                          "abcdefghijklmnopqrstuvwxyz")) {
    table[static_cast<unsigned char>(byte)] = true;
  }
  return table;
}
inline constexpr auto token_table = token_bytes();

}  // namespace detail

// tchar
constexpr bool is_token_byte(char byte) noexcept {
  return detail::token_table[static_cast<unsigned char>(byte)];
}

// The first offset from `at` on whose byte is no tchar; text.size() when all are.
constexpr std::size_t skip_token(std::string_view text, std::size_t at) noexcept {
  while (at < text.size() && is_token_byte(text[at])) ++at;
  return at;
}

// RFC 9110 5.6.2; an empty text is none.
constexpr bool is_token(std::string_view text) noexcept {
  return !text.empty() && skip_token(text, 0) == text.size();
}

constexpr bool is_white_space(char byte) noexcept {
  return byte == ' ' || byte == '\t';
}

constexpr bool is_control(char byte) noexcept {
  return static_cast<unsigned char>(byte) < 0x20 || byte == 0x7F;
}

// HTAB, SP, VCHAR or obs-text: what may stand within a field value or behind a backslash in a quoted-string.
constexpr bool is_field_byte(char byte) noexcept {
  const auto code = static_cast<unsigned char>(byte);
  return (code >= 0x20 && code != 0x7F) || code == '\t';
}

// Without the optional white space (SP, HTAB) at both ends; a view into `text` even where nothing is left.
constexpr std::string_view without_outer_space(std::string_view text) noexcept {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return text.substr(text.size());
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace postern::http
