#pragma once
// How messages and their chunks are delimited, by the strict rules of this gate: what the fields that steer a
// connection say, gathered one field at a time while a head is read (RFC 9112 6 and 9, RFC 9110 7.6.1 and
// 7.8), and the line before a chunk (RFC 9112 7.1). Beast reads the same bytes; both must agree.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "http/head_fault.hpp"
#include "http/message.hpp"

namespace postern::http {

// The options of all Connection fields together: each of them is compared with every field when the head is
// rewritten.
inline constexpr std::size_t max_connection_options = 64;

struct FramingFacts {
  std::uint64_t content_length = 0;
  bool has_content_length = false;
  bool chunked = false;  // Transfer-Encoding is there; nothing but chunked gets this far
  bool close = false;    // connection options
  bool keep_alive = false;
  bool upgrade = false;
  bool proxy_connection = false;       // the field is there, which Beast takes for Connection
  bool upgrades_to_websocket = false;  // the last Upgrade field's value is exactly that
  unsigned upgrade_fields = 0;
  unsigned expect_fields = 0;

  // RFC 9112 9.3; close wins over keep-alive.
  [[nodiscard]] bool persists(Version version) const noexcept {
    return !close && (version == Version::http_1_1 || keep_alive);
  }
  [[nodiscard]] bool names_websocket() const noexcept {
    return upgrade && upgrade_fields == 1 && upgrades_to_websocket;
  }
};

// Adds one field, a view into its whole line, of a message of `version`; its connection options go to
// `connection` as well.
HeadFault note_field(FramingFacts& facts, const Field& field, Version version,
                     std::vector<std::string_view>& connection);

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

}  // namespace postern::http
