#pragma once
// The strict look at a head before Beast reads it. Beast 1.81 joins folded lines and finds a bare CR or LF
// sooner or later depending on how the bytes were cut; this scan judges every byte once, left to right, and
// so finds the same fault however they came. It knows lines and bytes, not what they mean.
// Names are Beast's to judge where the section is whole.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/head_fault.hpp"

namespace postern::http {

// What is wrong with the first malformed name in `lines`, of which the last one may be cut; none where that
// cannot be told yet.
HeadFault field_names_fault(std::string_view lines) noexcept;

class HeadScan {
 public:
  enum class Kind : std::uint8_t {
    request,   // one empty line may come first (RFC 9112 2.2)
    response,  // HTAB may stand in the reason
    trailers,  // no start line
  };
  enum class State : std::uint8_t {
    incomplete,  // all bytes are judged, more are needed
    start_line,  // the start line has become whole; told once, call again for the fields
    complete,    // the empty line is there
    refused,     // for good
  };

  // A section of exactly `max_bytes`, with its empty line, still passes.
  HeadScan(Kind kind, std::size_t max_bytes) noexcept
      : limit_(max_bytes), part_(kind == Kind::trailers ? Part::line : Part::before), kind_(kind) {}

  // `bytes` are all that was received of the section so far, from its first byte on.
  State scan(std::string_view bytes) noexcept;

  // Where the start line begins, once it is whole: behind the empty line, if there was one.
  [[nodiscard]] std::size_t start_line_begin() const noexcept { return start_line_; }
  // Where the line being judged begins: at start_line the first field, at complete what follows the section.
  [[nodiscard]] std::size_t line_begin() const noexcept { return line_; }
  [[nodiscard]] HeadFault fault() const noexcept { return fault_; }

 private:
  enum class Part : std::uint8_t { before, start_line, line, text, complete };
  State scan_start_line(std::string_view bytes) noexcept;
  State scan_fields(std::string_view bytes) noexcept;
  bool begin_line(std::string_view bytes) noexcept;
  // Refuses the byte at `at_`, unless more must come before that can be told.
  State stop_or_wait(std::string_view bytes, HeadFault otherwise) noexcept;
  void next_line() noexcept;  // behind the CRLF at at_

  std::size_t limit_;
  std::size_t start_line_ = 0;
  std::size_t line_ = 0;
  std::size_t at_ = 0;          // the first byte not judged yet
  std::size_t names_from_ = 0;  // names of lines before are judged
  Part part_;
  Kind kind_;
  HeadFault fault_ = HeadFault::none;
};

}  // namespace postern::http
