#include "http/chunked_body.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include "http/byte_class.hpp"

namespace postern::http {
namespace {

constexpr bool is_hex_digit(char byte) noexcept {
  return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F');
}

// quoted-string (RFC 9110 5.6.4): behind its closing quote, npos without one.
std::size_t quoted_string_end(std::string_view text, std::size_t at) noexcept {
  for (++at; at < text.size(); ++at) {
    if (text[at] == '"') return at + 1;
    if (text[at] == '\\') ++at;
  }
  return std::string_view::npos;
}

// *( ";" chunk-ext-name [ "=" chunk-ext-val ] ), without the BWS of RFC 9112 7.1.1: parsers disagree on where
// it may be.
bool valid_extensions(std::string_view text) noexcept {
  std::size_t at = 0;
  while (at < text.size()) {
    if (text[at] != ';') return false;
    const std::size_t name = at + 1;
    at = skip_token(text, name);
    if (at == name) return false;
    if (at == text.size() || text[at] != '=') continue;
    const std::size_t value = at + 1;
    const bool quoted = value < text.size() && text[value] == '"';
    at = quoted ? quoted_string_end(text, value) : skip_token(text, value);
    if (at == value) return false;
  }
  return at == text.size();
}

// `text` is the whole line before its CRLF, field bytes only.
ChunkFault split_chunk_line(std::string_view text, ChunkLine& line) noexcept {
  constexpr std::size_t most_digits = 16;
  constexpr std::uint64_t largest = std::numeric_limits<std::int64_t>::max();
  const auto digits =
      static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_hex_digit) - text.begin());
  if (digits == 0 || digits > most_digits) return ChunkFault::malformed_size;
  std::from_chars(text.data(), text.data() + digits, line.size, 16);
  if (line.size > largest) return ChunkFault::malformed_size;
  const std::string_view extension = text.substr(digits);
  line.extension_size = extension.size();
  if (valid_extensions(extension)) return ChunkFault::none;
  const bool extends = extension[0] == ';' || is_white_space(extension[0]);
  return extends ? ChunkFault::malformed_extension : ChunkFault::malformed_size;
}

ChunkFault trailer_fault(HeadFault fault) noexcept {
  switch (fault) {
    case HeadFault::bare_line_feed:
    case HeadFault::bare_carriage_return:
      return ChunkFault::bare_line_ending;
    case HeadFault::head_too_large:
      return ChunkFault::line_too_long;
    default:
      return ChunkFault::malformed_trailer;
  }
}

}  // namespace

std::string_view text_of(ChunkFault fault) noexcept {
  switch (fault) {
    case ChunkFault::none:
      return "none";
    case ChunkFault::malformed_size:
      return "malformed chunk size";
    case ChunkFault::malformed_extension:
      return "malformed chunk extension";
    case ChunkFault::line_too_long:
      return "chunk-size line or trailer section too long";
    case ChunkFault::bare_line_ending:
      return "bare CR or LF in chunk framing";
    case ChunkFault::missing_data_end:
      return "no CRLF after chunk data";
    case ChunkFault::malformed_trailer:
      return "malformed trailer field";
    case ChunkFault::readings_differ:
      return "two readings of the chunk framing differ";
  }
  return "unknown";
}

ChunkFault read_chunk_line(std::string_view bytes, std::size_t& looked, ChunkLine& line) noexcept {
  for (; looked < bytes.size(); ++looked) {
    const char byte = bytes[looked];
    if (byte == '\r') {
      if (looked + 1 == bytes.size()) return ChunkFault::none;
      if (bytes[looked + 1] != '\n') return ChunkFault::bare_line_ending;
      line.end = looked + 2;
      return split_chunk_line(bytes.substr(0, looked), line);
    }
    if (byte == '\n') return ChunkFault::bare_line_ending;
    if (looked == max_chunk_line) return ChunkFault::line_too_long;
    if (is_field_byte(byte)) continue;
    const bool extends = bytes.substr(0, looked).find(';') != std::string_view::npos;
    return extends ? ChunkFault::malformed_extension : ChunkFault::malformed_size;
  }
  return ChunkFault::none;
}

std::size_t ChunkedBody::find_framing(std::string_view input) noexcept {
  if (line_.end == 0) {
    if (const ChunkFault fault = data_end_fault(input); fault != ChunkFault::none) return refused(fault);
    if (input.size() <= line_begin()) return 0;
    const ChunkFault fault = read_chunk_line(input.substr(line_begin()), looked_, line_);
    if (fault != ChunkFault::none || line_.end == 0) return refused(fault);
  }
  const std::size_t size = line_begin() + line_.end;
  if (!is_last()) return size;
  switch (trailer_scan_.scan(input.substr(size))) {
    case HeadScan::State::incomplete:
      return 0;
    case HeadScan::State::refused:
      return refused(trailer_fault(trailer_scan_.fault()));
    default:
      return size + trailer_scan_.line_begin();
  }
}

void ChunkedBody::pass_framing() noexcept {
  left_ = line_.size;
  line_ = {};
  looked_ = 0;
}

void ChunkedBody::pass_data(std::size_t size) noexcept {
  left_ -= size;
  behind_data_ = left_ == 0;
}

void ChunkedBody::refuse_framing(std::string_view input) noexcept {
  if (!is_last()) return refuse(ChunkFault::readings_differ);
  // Beast stops at the first field too many; in pieces a malformed name behind it is found first.
  const std::string_view trailers = input.substr(line_begin() + line_.end);
  if (field_names_fault(trailers) != HeadFault::none) fault_ = ChunkFault::malformed_trailer;
  refuse(ChunkFault::malformed_trailer);
}

void ChunkedBody::refuse(ChunkFault fault) noexcept {
  if (fault_ == ChunkFault::none) fault_ = fault;
}

// The data of a chunk ends with CRLF and nothing else.
ChunkFault ChunkedBody::data_end_fault(std::string_view input) const noexcept {
  if (!behind_data_ || input.empty()) return ChunkFault::none;
  if (input[0] == '\n') return ChunkFault::bare_line_ending;
  if (input[0] != '\r') return ChunkFault::missing_data_end;
  return input.size() > 1 && input[1] != '\n' ? ChunkFault::bare_line_ending : ChunkFault::none;
}

std::size_t ChunkedBody::refused(ChunkFault fault) noexcept {
  refuse(fault);
  return 0;
}

}  // namespace postern::http
