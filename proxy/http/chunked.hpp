#pragma once
// The chunked transfer coding (RFC 9112 7.1), decoded strictly and encoded canonically: extensions are
// dropped, sizes are written anew, so that no other parser can see other boundaries than this one did.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.hpp"

namespace postern::http {

enum class ChunkFault : std::uint8_t {
  none,
  malformed_size,       // not 1*HEXDIG, over 16 digits or over 2^63 - 1
  malformed_extension,  // also white space, which parsers disagree about
  line_too_long,     // chunk-size line with its extensions over 256 bytes; trailer section over 8 KiB or 64
                     // fields
  bare_line_ending,  // a bare CR or LF where CRLF belongs
  missing_data_end,  // no CRLF after the data of a chunk
  malformed_trailer,
};
std::string_view text_of(ChunkFault fault) noexcept;

// Sans-IO decoder. It owns the trailer section, which may be split between reads, and nothing else. The
// outcome does not depend on how the input is cut into pieces.
class ChunkedDecoder {
 public:
  enum class State : std::uint8_t {
    need_input,  // all of the input is consumed
    data,        // `data` holds a piece of the body, a view into the input; call again with the rest
    finished,  // the last chunk and the trailer section are read; input after `consumed` belongs to the next
               // message
    refused,   // the byte after `consumed` is the first that cannot be part of a chunked body; for good
  };
  struct Step {
    State state;
    std::size_t consumed;   // bytes of the input that are done with
    std::string_view data;  // empty but in state data
  };

  // Reads from the front of `input` until it has something to say.
  Step next(std::string_view input);

  // After finished: the trailer fields as received, views into the decoder, valid until reset() and while it
  // stays where it is.
  [[nodiscard]] std::span<const Field> trailers() const noexcept { return trailers_; }
  [[nodiscard]] ChunkFault fault() const noexcept { return fault_; }
  void reset() noexcept;

 private:
  // What the next byte is read as; in the order of the wire.
  enum class Phase : std::uint8_t {
    size_start,
    size,
    extension_name_start,
    extension_name,
    extension_value_start,
    extension_token,
    extension_quoted,
    extension_escaped,
    extension_quoted_end,
    size_line_feed,
    data,
    data_carriage_return,
    data_line_feed,
    trailer_start,
    trailer_name,
    trailer_value,
    trailer_line_feed,
    last_line_feed,
    done,
  };
  ChunkFault read(char byte);
  ChunkFault read_size(char byte) noexcept;
  ChunkFault read_extension(char byte) noexcept;
  ChunkFault read_extension_value(char byte) noexcept;
  ChunkFault read_extension_end(char byte) noexcept;
  ChunkFault read_line_feed(char byte) noexcept;
  ChunkFault read_data_end(char byte) noexcept;
  ChunkFault read_trailer(char byte);
  void split_trailers();

  Phase phase_ = Phase::size_start;
  ChunkFault fault_ = ChunkFault::none;
  unsigned digits_ = 0;          // of this chunk's size
  unsigned line_size_ = 0;       // bytes of this chunk-size line
  unsigned trailer_count_ = 0;   // field lines begun
  std::uint64_t remaining_ = 0;  // bytes of data left in this chunk
  std::string section_;          // the trailer section gathered so far
  std::vector<Field> trailers_;
};

// "1a2b\r\n" for a chunk of `size` > 0 bytes, written into `storage`; the data and "\r\n" follow it on the
// wire.
std::string_view chunk_header(std::size_t size, std::span<char, 20> storage) noexcept;

}  // namespace postern::http
