#include "http/head_fault.hpp"

namespace postern::http {

unsigned status_of(HeadFault fault) noexcept {
  switch (fault) {
    case HeadFault::none:
      return 0;
    case HeadFault::refused_method:
      return 405;
    case HeadFault::request_line_too_long:
      return 414;
    case HeadFault::head_too_large:
      return 431;
    case HeadFault::unsupported_version:
      return 505;
    default:
      return 400;
  }
}

std::string_view text_of(HeadFault fault) noexcept {
  switch (fault) {
    case HeadFault::none:
      return {};
    case HeadFault::malformed_request_line:
      return "malformed request line";
    case HeadFault::malformed_status_line:
      return "malformed status line";
    case HeadFault::unsupported_version:
      return "unsupported HTTP version";
    case HeadFault::request_line_too_long:
      return "request line too long";
    case HeadFault::head_too_large:
      return "head too large";
    case HeadFault::bare_line_feed:
      return "bare line feed";
    case HeadFault::bare_carriage_return:
      return "bare carriage return";
    case HeadFault::control_character:
      return "control character";
    case HeadFault::malformed_field_name:
      return "malformed field name";
    case HeadFault::white_space_before_colon:
      return "white space before colon";
    case HeadFault::obsolete_line_folding:
      return "obsolete line folding";
    case HeadFault::missing_host:
      return "missing Host";
    case HeadFault::duplicate_host:
      return "duplicate Host";
    case HeadFault::malformed_host:
      return "malformed Host";
    case HeadFault::malformed_content_length:
      return "malformed Content-Length";
    case HeadFault::duplicate_content_length:
      return "duplicate Content-Length";
    case HeadFault::malformed_transfer_encoding:
      return "malformed Transfer-Encoding";
    case HeadFault::conflicting_framing:
      return "conflicting framing";
    case HeadFault::underscored_framing:
      return "framing field spelled with underscore";
    case HeadFault::unexpected_framing:
      return "body announced on a response without one";
    case HeadFault::malformed_connection:
      return "malformed connection option";
    case HeadFault::malformed_upgrade:
      return "websocket upgrade with a body";
    case HeadFault::refused_method:
      return "refused method";
    case HeadFault::readings_differ:
      return "two readings of the head differ";
  }
  return "unknown fault";
}

}  // namespace postern::http
