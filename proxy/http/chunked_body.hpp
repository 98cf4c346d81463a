#pragma once
// The framing of a chunked body by the strict rules of this gate (RFC 9112 7.1): which bytes at the front of
// the input are a chunk's line, the end of its data or the trailer section. Beast reads the same bytes; both
// must agree.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/head_scan.hpp"

namespace postern::http {

enum class ChunkFault : std::uint8_t {
  none,
  malformed_size,       // not 1*HEXDIG, over 16 digits or over 2^63 - 1
  malformed_extension,  // also white space, which parsers disagree about
  line_too_long,      // chunk-size line with its extensions over 256 bytes; trailer section over 8 KiB or 64
                      // fields
  bare_line_ending,   // a bare CR or LF where CRLF belongs
  missing_data_end,   // no CRLF after the data of a chunk
  malformed_trailer,  // no field line, or a field that would change the framing
  readings_differ,    // Beast takes the framing for another one than the rules of this gate do
};
std::string_view text_of(ChunkFault fault) noexcept;

inline constexpr std::size_t max_chunk_line = 256;  // bytes before the CRLF
inline constexpr std::size_t max_trailer_section = 8192;
inline constexpr std::size_t max_trailers = 64;

// The size line of a chunk.
struct ChunkLine {
  std::uint64_t size = 0;          // 0: the last chunk
  std::size_t extension_size = 0;  // bytes from its first ';' to the CRLF
  std::size_t end = 0;             // behind the CRLF; 0 while that has not come
};

// Reads the line at the front of `bytes`; only what follows `looked` is new, and it is moved on. The verdict
// comes with the line's end, with its 257th byte, or with a control character.
ChunkFault read_chunk_line(std::string_view bytes, std::size_t& looked, ChunkLine& line) noexcept;

// Where one body is being read. Pure: the caller gives Beast what is found here, and says what Beast read.
class ChunkedBody {
 public:
  // Bytes of framing at the front of `input` that are whole; 0: more are needed, and then come with these in
  // front, or fault() says why the body is refused. Beast gets the framing of a chunk in one piece: it would
  // wait for ever for the end of a line that it cannot end, and asserts that the last chunk is not cut behind
  // its first line.
  std::size_t find_framing(std::string_view input) noexcept;
  // Whether the framing that was found ends the body, trailers included.
  [[nodiscard]] bool is_last() const noexcept { return line_.size == 0; }
  // Whether Beast's reading of the chunk's line is that of the rules.
  [[nodiscard]] bool agrees(std::uint64_t size, std::size_t extension_size) const noexcept {
    return size == line_.size && extension_size == line_.extension_size;
  }
  // Beast has read the framing that was found.
  void pass_framing() noexcept;
  // Beast has read so many bytes of data, at most left().
  void pass_data(std::size_t size) noexcept;
  // Beast refused the framing that was found at the front of `input`.
  void refuse_framing(std::string_view input) noexcept;
  // For good; the first fault stays.
  void refuse(ChunkFault fault) noexcept;

  // Bytes of data that the chunk being read has announced and not given yet; 0: framing comes next.
  [[nodiscard]] std::uint64_t left() const noexcept { return left_; }
  [[nodiscard]] ChunkFault fault() const noexcept { return fault_; }

 private:
  [[nodiscard]] std::size_t line_begin() const noexcept { return behind_data_ ? 2 : 0; }
  [[nodiscard]] ChunkFault data_end_fault(std::string_view input) const noexcept;
  std::size_t refused(ChunkFault fault) noexcept;

  HeadScan trailer_scan_{HeadScan::Kind::trailers, max_trailer_section};
  ChunkLine line_;          // of the chunk being read
  std::size_t looked_ = 0;  // bytes of that line that are judged
  std::uint64_t left_ = 0;
  bool behind_data_ = false;  // the CRLF that ends a chunk's data comes first
  ChunkFault fault_ = ChunkFault::none;
};

}  // namespace postern::http
