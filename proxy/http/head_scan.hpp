#pragma once
// The strict scanner that both head parsers share. It works on a prefix of the head, judges every byte once,
// left to right, and so finds the same fault however the bytes were cut on their way.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "http/head_fault.hpp"
#include "http/message.hpp"

namespace postern::http {

enum class ParseState : std::uint8_t { incomplete, complete, refused };

// Offsets into the head, kept from one call to the next.
struct HeadCursor {
  std::size_t line = 0;  // where the current line starts; everything before it is parsed
  std::size_t part = 0;  // where the part of it being read starts: the line itself for the first one
  std::size_t at = 0;    // the first byte not judged yet

  void next_part(std::size_t start) noexcept { part = at = start; }
  void next_line(std::size_t start) noexcept { line = part = at = start; }
};

bool is_token(std::string_view text) noexcept;  // RFC 9110 5.6.2; an empty text is none

// Each gives the first offset from `at` on whose byte does not belong to the run, bytes.size() when all do.
std::size_t skip_token(std::string_view bytes, std::size_t at) noexcept;
std::size_t skip_visible(std::string_view bytes,
                         std::size_t at) noexcept;  // anything but SP, controls and DEL
std::size_t skip_text(std::string_view bytes,
                      std::size_t at) noexcept;  // anything but DEL and controls; HTAB passes

bool crlf_at(std::string_view bytes, std::size_t at) noexcept;

// What is wrong with the byte at `at`, where no CRLF may stand: `otherwise` if only its place is. none when
// that cannot be told yet, for a byte that has not come or a CR whose next byte has not.
HeadFault fault_at(std::string_view bytes, std::size_t at, HeadFault otherwise) noexcept;

// Reads one field line (RFC 9112 5). Complete with an empty name: the empty line that ends the section.
ParseState read_field_line(std::string_view bytes, HeadCursor& cursor, Field& field,
                           HeadFault& fault) noexcept;

// Reads field lines into `fields` up to and with the empty line. `note` judges each and returns its
// HeadFault.
template <typename Note>
ParseState read_field_section(std::string_view bytes, HeadCursor& cursor, std::vector<Field>& fields,
                              HeadFault& fault, std::size_t most_fields, Note note) {
  while (true) {
    Field field;
    const ParseState state = read_field_line(bytes, cursor, field, fault);
    if (state != ParseState::complete || field.name.empty()) return state;
    fault = fields.size() == most_fields ? HeadFault::head_too_large : note(field);
    if (fault != HeadFault::none) return ParseState::refused;
    fields.push_back(field);
  }
}

}  // namespace postern::http
