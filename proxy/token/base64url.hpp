#pragma once
// base64url without padding (RFC 4648 5, RFC 7515 2), strict: no padding, no white space, no other alphabet,
// and the unused low bits of the last character are zero (RFC 4648 3.5), so that every byte string has
// exactly one spelling.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace postern::token {

// Bytes that `text_size` characters decode to.
constexpr std::size_t decoded_size(std::size_t text_size) noexcept {
  return text_size * 3 / 4;
}

// Decodes into the front of `out`; returns the bytes written, or nothing when the text is not strict
// base64url or `out` is smaller than decoded_size(text.size()).
std::optional<std::size_t> decode_base64url(std::string_view text, std::span<char> out) noexcept;

std::string encode_base64url(std::span<const unsigned char> bytes);

}  // namespace postern::token
