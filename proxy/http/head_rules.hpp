#pragma once
// What this gate demands of heads beyond their syntax (RFC 9112 3, 6 and 9; RFC 9110 7.2, 7.8, 10.1.1).

#include <string_view>

#include "http/framing.hpp"
#include "http/head_fault.hpp"
#include "http/message.hpp"

namespace postern::http {

// What is wrong with a start line, with its CRLF, that Beast refused: Beast has one error for other versions
// and for what is no version.
HeadFault start_line_fault(std::string_view line, bool is_request) noexcept;

// Adds one field to what `facts` and `head` say, but not to head.fields.
HeadFault note_head_field(const Field& field, FramingFacts& facts, RequestHead& head);
HeadFault note_head_field(const Field& field, FramingFacts& facts, ResponseHead& head);

// All fields are noted: how the body is framed, and what only the whole head can show. For a response in the
// order of RFC 9112 6.3.
HeadFault conclude(const FramingFacts& facts, RequestHead& head);
HeadFault conclude(const FramingFacts& facts, std::string_view request_method, ResponseHead& head);

}  // namespace postern::http
