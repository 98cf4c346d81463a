#include "http/head_parser.hpp"
#include "http/start_line.hpp"

namespace postern::http {

ParseState ResponseHeadParser::parse(std::string_view buffer, std::string_view request_method,
                                     ResponseHead& head) {
  if (phase_ == Phase::complete) return ParseState::complete;
  if (phase_ == Phase::refused) return ParseState::refused;
  if (phase_ == Phase::status) head.clear();
  const ParseState state = read(buffer.substr(0, limit_), request_method, head);
  if (state != ParseState::incomplete || buffer.size() < limit_) return state;
  return stop(HeadFault::head_too_large);
}

ParseState ResponseHeadParser::stop(HeadFault fault) noexcept {
  if (fault == HeadFault::none) return ParseState::incomplete;
  fault_ = fault;
  phase_ = Phase::refused;
  return ParseState::refused;
}

ParseState ResponseHeadParser::read(std::string_view bytes, std::string_view request_method,
                                    ResponseHead& head) {
  if (phase_ != Phase::fields) {
    const ParseState state = read_status_line(bytes, head);
    if (state != ParseState::complete) return state;
  }
  HeadFault fault = HeadFault::none;
  const ParseState state =
      read_field_section(bytes, cursor_, head.fields, fault, max_field_lines, [&](const Field& field) {
        return note_field(facts_, recognise(field.name), field, head.version, head.connection);
      });
  if (state != ParseState::complete) return stop(fault);
  fault = conclude(request_method, head);
  if (fault != HeadFault::none) return stop(fault);
  phase_ = Phase::complete;
  return ParseState::complete;
}

// HTTP-version SP status-code SP [reason-phrase] (RFC 9112 4). Servers leave out the second SP with the
// reason.
ParseState ResponseHeadParser::read_status_line(std::string_view bytes, ResponseHead& head) {
  if (phase_ == Phase::status) {
    cursor_.at = skip_pattern(bytes, cursor_.part, cursor_.at, status_pattern);
    if (cursor_.at < status_pattern.size()) {
      return stop(fault_at(bytes, cursor_.at, HeadFault::malformed_status_line));
    }
    if (!read_version_digits(bytes, head.version)) return stop(HeadFault::unsupported_version);
    const auto digit = [&](std::size_t at) { return static_cast<unsigned>(bytes[at] - '0'); };
    head.status = digit(9) * 100 + digit(10) * 10 + digit(11);
    if (head.status < 100 || head.status > 599) return stop(HeadFault::malformed_status_line);
    const bool separated = cursor_.at < bytes.size() && bytes[cursor_.at] == ' ';
    if (!separated && !crlf_at(bytes, cursor_.at)) {
      return stop(fault_at(bytes, cursor_.at, HeadFault::malformed_status_line));
    }
    cursor_.next_part(cursor_.at + (separated ? 1 : 0));
    phase_ = Phase::reason;
  }
  cursor_.at = skip_text(bytes, cursor_.at);
  if (!crlf_at(bytes, cursor_.at)) return stop(fault_at(bytes, cursor_.at, HeadFault::control_character));
  head.reason = bytes.substr(cursor_.part, cursor_.at - cursor_.part);
  cursor_.next_line(cursor_.at + 2);
  phase_ = Phase::fields;
  return ParseState::complete;
}

// RFC 9112 6.3, in its order.
HeadFault ResponseHeadParser::conclude(std::string_view request_method, ResponseHead& head) const {
  const bool announces_body = facts_.chunked || facts_.content_length > 0;
  const bool informational = head.status < 200;
  head.keep_alive = facts_.persists(head.version);
  head.content_length = facts_.content_length;
  if (informational || head.status == 204) {
    // RFC 9112 6.1, RFC 9110 8.6. After an interim response another follows, which such a body could play;
    // after a 204 with a length (frameworks send those) it is enough to read no further.
    if (facts_.chunked || (informational && announces_body)) return HeadFault::unexpected_framing;
    head.keep_alive = head.keep_alive && !announces_body;
  } else if (head.status == 304 || request_method == "HEAD") {
    head.framing = Framing::none;
  } else if (facts_.chunked) {
    head.framing = Framing::chunked;
  } else if (facts_.has_content_length) {
    head.framing = Framing::content_length;
  } else {
    head.framing = Framing::until_close;
    head.keep_alive = false;
  }
  head.websocket_accepted = head.status == 101 && facts_.names_websocket();
  return HeadFault::none;
}

}  // namespace postern::http
