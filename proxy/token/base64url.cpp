#include "token/base64url.hpp"

#include <array>

namespace postern::token {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// Above the 24 bits of four characters, so one OR over a whole text tells whether a foreign character was in
// it.
constexpr std::uint32_t foreign = 0x80000000;

using Table = std::array<std::uint32_t, 256>;

// What a character stands for, moved to its place among the 24 bits.
constexpr Table make_table(unsigned shift) {
  Table table{};
  table.fill(foreign);
  for (std::uint32_t i = 0; i < alphabet.size(); ++i) {
    table[static_cast<unsigned char>(alphabet[i])] = i << shift;
  }
  return table;
}

constexpr std::array<Table, 4> tables{make_table(18), make_table(12), make_table(6), make_table(0)};

std::uint32_t bits_of(const char* in, std::size_t place) noexcept {
  return tables[place][static_cast<unsigned char>(in[place])];
}

char byte_at(std::uint32_t bits, unsigned shift) noexcept {
  return static_cast<char>((bits >> shift) & 0xFF);
}

}  // namespace

std::optional<std::size_t> decode_base64url(std::string_view text, std::span<char> out) noexcept {
  const std::size_t tail = text.size() % 4;
  if (tail == 1 || out.size() < decoded_size(text.size())) return std::nullopt;

  std::uint32_t seen = 0;
  const char* in = text.data();
  const char* const whole_end = in + (text.size() - tail);
  char* to = out.data();
  for (; in != whole_end; in += 4, to += 3) {
    const std::uint32_t bits = bits_of(in, 0) | bits_of(in, 1) | bits_of(in, 2) | bits_of(in, 3);
    seen |= bits;
    to[0] = byte_at(bits, 16);
    to[1] = byte_at(bits, 8);
    to[2] = byte_at(bits, 0);
  }

  std::uint32_t spare = 0;  // must be zero, RFC 4648 3.5
  if (tail != 0) {
    const std::uint32_t bits = bits_of(in, 0) | bits_of(in, 1) | (tail == 3 ? bits_of(in, 2) : 0);
    seen |= bits;
    to[0] = byte_at(bits, 16);
    if (tail == 3) to[1] = byte_at(bits, 8);
    spare = bits & (tail == 3 ? 0xFFU : 0xFFFFU);
  }
  if ((seen & foreign) != 0 || spare != 0) return std::nullopt;
  return decoded_size(text.size());
}

std::string encode_base64url(std::span<const unsigned char> bytes) {
  std::string text;
  text.reserve((bytes.size() * 4 + 2) / 3);
  std::uint32_t bits = 0;
  unsigned held = 0;  // bits not written yet
  for (const unsigned char byte : bytes) {
    bits = bits << 8 | byte;
    for (held += 8; held >= 6; held -= 6) text.push_back(alphabet[(bits >> (held - 6)) & 0x3F]);
  }
  if (held != 0) text.push_back(alphabet[(bits << (6 - held)) & 0x3F]);
  return text;
}

}  // namespace postern::token
