#include "http/chunked.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include "http/characters.hpp"

namespace postern::http {
namespace {

constexpr unsigned most_digits = 16;
constexpr std::uint64_t largest_chunk = std::numeric_limits<std::int64_t>::max();
constexpr unsigned longest_size_line = 256;
constexpr std::size_t longest_trailer_section = 8192;
constexpr unsigned most_trailers = 64;

// The value of a HEXDIG, or 16.
constexpr unsigned hex_value(char byte) noexcept {
  if (byte >= '0' && byte <= '9') return static_cast<unsigned>(byte - '0');
  if (byte >= 'a' && byte <= 'f') return static_cast<unsigned>(byte - 'a') + 10;
  if (byte >= 'A' && byte <= 'F') return static_cast<unsigned>(byte - 'A') + 10;
  return 16;
}

constexpr ChunkFault bare_or(char byte, ChunkFault otherwise) noexcept {
  return byte == '\n' ? ChunkFault::bare_line_ending : otherwise;
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
  }
  return "unknown";
}

ChunkedDecoder::Step ChunkedDecoder::next(std::string_view input) {
  if (fault_ != ChunkFault::none) return {State::refused, 0, {}};
  std::size_t position = 0;
  for (; phase_ != Phase::done; ++position) {
    if (position == input.size()) return {State::need_input, position, {}};
    if (phase_ == Phase::data) {
      const std::size_t here = input.size() - position;
      const auto size = remaining_ < here ? static_cast<std::size_t>(remaining_) : here;
      remaining_ -= size;
      if (remaining_ == 0) phase_ = Phase::data_carriage_return;
      return {State::data, position + size, input.substr(position, size)};
    }
    fault_ = read(input[position]);
    if (fault_ != ChunkFault::none) return {State::refused, position, {}};
  }
  return {State::finished, position, {}};
}

void ChunkedDecoder::reset() noexcept {
  phase_ = Phase::size_start;
  fault_ = ChunkFault::none;
  digits_ = line_size_ = trailer_count_ = 0;
  remaining_ = 0;
  section_.clear();
  trailers_.clear();
}

ChunkFault ChunkedDecoder::read(char byte) {
  if (phase_ >= Phase::trailer_start) return read_trailer(byte);
  if (phase_ >= Phase::data) return read_data_end(byte);
  if (phase_ == Phase::size_line_feed) return read_line_feed(byte);
  if (byte != '\r' && byte != '\n' && ++line_size_ > longest_size_line) return ChunkFault::line_too_long;
  return phase_ <= Phase::size ? read_size(byte) : read_extension(byte);
}

ChunkFault ChunkedDecoder::read_size(char byte) noexcept {
  const unsigned value = hex_value(byte);
  if (value < 16) {
    phase_ = Phase::size;
    remaining_ = remaining_ << 4 | value;
    return ++digits_ > most_digits || remaining_ > largest_chunk ? ChunkFault::malformed_size
                                                                 : ChunkFault::none;
  }
  if (phase_ == Phase::size_start) return bare_or(byte, ChunkFault::malformed_size);
  if (byte == ';' || byte == '\r') return read_extension_end(byte);
  // The grammar has room for white space only before an extension.
  const bool space = byte == ' ' || byte == '\t';
  return bare_or(byte, space ? ChunkFault::malformed_extension : ChunkFault::malformed_size);
}

// *( ";" chunk-ext-name [ "=" chunk-ext-val ] ), without the BWS of RFC 9112 7.1.1: parsers disagree on where
// it may be.
ChunkFault ChunkedDecoder::read_extension(char byte) noexcept {
  switch (phase_) {
    case Phase::extension_name_start:
      if (!is_token_byte(byte)) return bare_or(byte, ChunkFault::malformed_extension);
      phase_ = Phase::extension_name;
      return ChunkFault::none;
    case Phase::extension_name:
      if (is_token_byte(byte)) return ChunkFault::none;
      if (byte != '=') return read_extension_end(byte);
      phase_ = Phase::extension_value_start;
      return ChunkFault::none;
    default:
      return read_extension_value(byte);
  }
}

// token / quoted-string (RFC 9110 5.6.4)
ChunkFault ChunkedDecoder::read_extension_value(char byte) noexcept {
  switch (phase_) {
    case Phase::extension_value_start:
      if (byte != '"' && !is_token_byte(byte)) return bare_or(byte, ChunkFault::malformed_extension);
      phase_ = byte == '"' ? Phase::extension_quoted : Phase::extension_token;
      return ChunkFault::none;
    case Phase::extension_token:
      return is_token_byte(byte) ? ChunkFault::none : read_extension_end(byte);
    case Phase::extension_quoted:
    case Phase::extension_escaped:
      if (!is_field_byte(byte)) return bare_or(byte, ChunkFault::malformed_extension);
      if (phase_ == Phase::extension_escaped) {
        phase_ = Phase::extension_quoted;
      } else if (byte == '"') {
        phase_ = Phase::extension_quoted_end;
      } else if (byte == '\\') {
        phase_ = Phase::extension_escaped;
      }
      return ChunkFault::none;
    default:
      return read_extension_end(byte);
  }
}

ChunkFault ChunkedDecoder::read_extension_end(char byte) noexcept {
  if (byte != ';' && byte != '\r') return bare_or(byte, ChunkFault::malformed_extension);
  phase_ = byte == ';' ? Phase::extension_name_start : Phase::size_line_feed;
  return ChunkFault::none;
}

ChunkFault ChunkedDecoder::read_line_feed(char byte) noexcept {
  if (byte != '\n') return ChunkFault::bare_line_ending;
  phase_ = remaining_ == 0 ? Phase::trailer_start : Phase::data;
  digits_ = line_size_ = 0;
  return ChunkFault::none;
}

ChunkFault ChunkedDecoder::read_data_end(char byte) noexcept {
  if (phase_ == Phase::data_carriage_return) {
    phase_ = Phase::data_line_feed;
    return byte == '\r' ? ChunkFault::none : bare_or(byte, ChunkFault::missing_data_end);
  }
  phase_ = Phase::size_start;
  return byte == '\n' ? ChunkFault::none : ChunkFault::bare_line_ending;
}

// *( field-line CRLF ) CRLF, as strict as a head: no folding, no white space before the colon.
ChunkFault ChunkedDecoder::read_trailer(char byte) {
  if (section_.size() == longest_trailer_section) return ChunkFault::line_too_long;
  section_.push_back(byte);
  switch (phase_) {
    case Phase::trailer_start:
      if (byte == '\r') {
        phase_ = Phase::last_line_feed;
        return ChunkFault::none;
      }
      if (!is_token_byte(byte)) return bare_or(byte, ChunkFault::malformed_trailer);
      phase_ = Phase::trailer_name;
      return ++trailer_count_ > most_trailers ? ChunkFault::line_too_long : ChunkFault::none;
    case Phase::trailer_name:
      if (byte == ':') phase_ = Phase::trailer_value;
      return byte == ':' || is_token_byte(byte) ? ChunkFault::none
                                                : bare_or(byte, ChunkFault::malformed_trailer);
    case Phase::trailer_value:
      if (byte == '\r') phase_ = Phase::trailer_line_feed;
      return byte == '\r' || is_field_byte(byte) ? ChunkFault::none
                                                 : bare_or(byte, ChunkFault::malformed_trailer);
    case Phase::trailer_line_feed:
      phase_ = Phase::trailer_start;
      return byte == '\n' ? ChunkFault::none : ChunkFault::bare_line_ending;
    default:
      if (byte != '\n') return ChunkFault::bare_line_ending;
      split_trailers();
      phase_ = Phase::done;
      return ChunkFault::none;
  }
}

// Only once the section is whole: until then it may move as it grows.
void ChunkedDecoder::split_trailers() {
  std::string_view rest = section_;
  while (rest.size() > 2) {
    const std::string_view line = rest.substr(0, rest.find('\r'));
    const std::size_t colon = line.find(':');
    trailers_.push_back({line.substr(0, colon), without_outer_space(line.substr(colon + 1))});
    rest.remove_prefix(line.size() + 2);
  }
}

std::string_view chunk_header(std::size_t size, std::span<char, 20> storage) noexcept {
  char* end = std::to_chars(storage.data(), storage.data() + 16, size, 16).ptr;
  *end++ = '\r';
  *end++ = '\n';
  return {storage.data(), end};
}

}  // namespace postern::http
