#include "route/utf8.hpp"

#include <algorithm>
#include <cstddef>

namespace postern::route {
namespace {

struct Sequence {
  std::size_t size;       // 0: no sequence begins with this byte
  unsigned char lowest;   // range of the second byte, which is what rules out
  unsigned char highest;  // overlong forms, surrogates and code points over U+10FFFF
};

// Unicode 15, table 3-7.
constexpr Sequence sequence_of(unsigned char lead) noexcept {
  if (lead < 0x80) return {1, 0, 0};
  if (lead < 0xC2) return {0, 0, 0};
  if (lead < 0xE0) return {2, 0x80, 0xBF};
  if (lead == 0xE0) return {3, 0xA0, 0xBF};
  if (lead == 0xED) return {3, 0x80, 0x9F};
  if (lead < 0xF0) return {3, 0x80, 0xBF};
  if (lead == 0xF0) return {4, 0x90, 0xBF};
  if (lead < 0xF4) return {4, 0x80, 0xBF};
  if (lead == 0xF4) return {4, 0x80, 0x8F};
  return {0, 0, 0};
}

unsigned char byte_at(std::string_view text, std::size_t at) noexcept {
  return static_cast<unsigned char>(text[at]);
}

}  // namespace

bool valid_utf8(std::string_view text) noexcept {
  for (std::size_t at = 0; at < text.size();) {
    const Sequence sequence = sequence_of(byte_at(text, at));
    if (sequence.size == 0 || sequence.size > text.size() - at) return false;
    for (std::size_t next = 1; next < sequence.size; ++next) {
      const unsigned char byte = byte_at(text, at + next);
      const bool second = next == 1;
      if (byte < (second ? sequence.lowest : 0x80) || byte > (second ? sequence.highest : 0xBF)) return false;
    }
    at += sequence.size;
  }
  return true;
}

bool has_control_character(std::string_view text) noexcept {
  if (std::any_of(text.begin(), text.end(), is_c0_or_del)) return true;
  // In valid UTF-8 the byte 0xC2 only ever leads, so that a plain search finds U+0080 to U+009F.
  for (std::size_t at = text.find('\xC2'); at != text.npos; at = text.find('\xC2', at + 1)) {
    if (at + 1 < text.size() && byte_at(text, at + 1) < 0xA0) return true;
  }
  return false;
}

}  // namespace postern::route
