#include "http/head_scan.hpp"

#include <bit>
#include <cstdint>
#include <cstring>

#include "http/characters.hpp"

namespace postern::http {
namespace {

constexpr bool is_white_space(char byte) noexcept {
  return byte == ' ' || byte == '\t';
}

constexpr bool is_control(char byte) noexcept {
  return static_cast<unsigned char>(byte) < 0x20 || byte == 0x7F;
}

// The first byte that is below `lowest` or DEL, looking at eight at a time. Without their top bits no byte
// carries into the next one: adding tells in the top bit whether it is DEL, and whether it is at least
// `lowest`.
template <unsigned char lowest>
std::size_t find_below_or_delete(std::string_view bytes, std::size_t at) noexcept {
  constexpr std::uint64_t ones = 0x0101010101010101;
  for (; bytes.size() - at >= sizeof(std::uint64_t); at += sizeof(std::uint64_t)) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data() + at, sizeof word);
    const std::uint64_t low = word & (ones * 0x7F);
    const std::uint64_t is_delete = low + ones;
    const std::uint64_t is_enough = low + ones * (0x80 - lowest);
    const std::uint64_t marks = (is_delete | ~is_enough) & ~word & (ones * 0x80);
    if (marks == 0) continue;
    if constexpr (std::endian::native == std::endian::little) {
      return at + static_cast<std::size_t>(std::countr_zero(marks)) / 8;
    }
    break;
  }
  while (at < bytes.size() && static_cast<unsigned char>(bytes[at]) >= lowest && bytes[at] != 0x7F) ++at;
  return at;
}

ParseState stop(HeadFault found, HeadFault& fault) noexcept {
  if (found == HeadFault::none) return ParseState::incomplete;
  fault = found;
  return ParseState::refused;
}

// The byte at the cursor is no token character, nor a colon after a name.
ParseState end_without_colon(std::string_view bytes, HeadCursor& cursor, HeadFault& fault) noexcept {
  const bool line_is_empty = cursor.at == cursor.line;
  if (line_is_empty && crlf_at(bytes, cursor.at)) {
    cursor.next_line(cursor.at + 2);
    return ParseState::complete;
  }
  if (cursor.at < bytes.size() && is_white_space(bytes[cursor.at])) {
    return stop(line_is_empty ? HeadFault::obsolete_line_folding : HeadFault::white_space_before_colon,
                fault);
  }
  return stop(fault_at(bytes, cursor.at, HeadFault::malformed_field_name), fault);
}

}  // namespace

bool is_token(std::string_view text) noexcept {
  return !text.empty() && skip_token(text, 0) == text.size();
}

std::size_t skip_token(std::string_view bytes, std::size_t at) noexcept {
  while (at < bytes.size() && is_token_byte(bytes[at])) ++at;
  return at;
}

std::size_t skip_visible(std::string_view bytes, std::size_t at) noexcept {
  return find_below_or_delete<0x21>(bytes, at);
}

std::size_t skip_text(std::string_view bytes, std::size_t at) noexcept {
  at = find_below_or_delete<0x20>(bytes, at);
  while (at < bytes.size() && bytes[at] == '\t') at = find_below_or_delete<0x20>(bytes, at + 1);
  return at;
}

bool crlf_at(std::string_view bytes, std::size_t at) noexcept {
  return bytes.size() - at >= 2 && bytes[at] == '\r' && bytes[at + 1] == '\n';
}

HeadFault fault_at(std::string_view bytes, std::size_t at, HeadFault otherwise) noexcept {
  if (at == bytes.size()) return HeadFault::none;
  if (bytes[at] == '\n') return HeadFault::bare_line_feed;
  if (bytes[at] == '\r') {
    if (at + 1 == bytes.size()) return HeadFault::none;
    return bytes[at + 1] == '\n' ? otherwise : HeadFault::bare_carriage_return;
  }
  return is_control(bytes[at]) ? HeadFault::control_character : otherwise;
}

ParseState read_field_line(std::string_view bytes, HeadCursor& cursor, Field& field,
                           HeadFault& fault) noexcept {
  if (cursor.part == cursor.line) {
    cursor.at = skip_token(bytes, cursor.at);
    const bool colon = cursor.at < bytes.size() && bytes[cursor.at] == ':';
    if (!colon || cursor.at == cursor.line) return end_without_colon(bytes, cursor, fault);
    cursor.next_part(cursor.at + 1);
  }
  cursor.at = skip_text(bytes, cursor.at);
  if (!crlf_at(bytes, cursor.at))
    return stop(fault_at(bytes, cursor.at, HeadFault::control_character), fault);
  field.name = {bytes.data() + cursor.line, cursor.part - 1 - cursor.line};
  // Byte by byte: there is one space as a rule, and a search for a set of bytes costs more than the rest of
  // the line.
  std::size_t first = cursor.part;
  std::size_t last = cursor.at;
  while (first < last && is_white_space(bytes[first])) ++first;
  while (first < last && is_white_space(bytes[last - 1])) --last;
  field.value = {bytes.data() + first, last - first};
  cursor.next_line(cursor.at + 2);
  return ParseState::complete;
}

}  // namespace postern::http
