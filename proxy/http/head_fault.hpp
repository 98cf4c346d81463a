#pragma once
// Why a message head is refused: one closed list, its answers and its texts.

#include <cstdint>
#include <string_view>

namespace postern::http {

enum class HeadFault : std::uint8_t {
  none,
  malformed_request_line,
  malformed_status_line,
  unsupported_version,
  request_line_too_long,  // 414
  head_too_large,         // 431: bytes, field lines or connection options
  bare_line_feed,
  bare_carriage_return,
  control_character,
  malformed_field_name,
  white_space_before_colon,
  obsolete_line_folding,
  missing_host,
  duplicate_host,
  malformed_host,
  malformed_content_length,
  duplicate_content_length,
  malformed_transfer_encoding,
  conflicting_framing,   // both Content-Length and Transfer-Encoding, or Transfer-Encoding on HTTP/1.0
  underscored_framing,   // Content_Length or Transfer_Encoding
  unexpected_framing,    // a body announced on a response that has none
  malformed_connection,  // a connection option that is not a token
  malformed_upgrade,     // a websocket upgrade with a body
  refused_method,        // CONNECT, TRACE: 405
  readings_differ,       // Beast takes the head for another one than the rules of this gate do
};

// 400, 405, 414, 431 or 505; 0 for none.
unsigned status_of(HeadFault fault) noexcept;
// For the log, e.g. "obsolete line folding"; empty for none.
std::string_view text_of(HeadFault fault) noexcept;

}  // namespace postern::http
