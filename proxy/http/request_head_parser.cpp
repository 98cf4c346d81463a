#include "http/head_parser.hpp"
#include "http/start_line.hpp"

namespace postern::http {

ParseState RequestHeadParser::parse(std::string_view buffer, RequestHead& head) {
  if (phase_ == Phase::complete) return ParseState::complete;
  if (phase_ == Phase::refused) return ParseState::refused;
  if (phase_ == Phase::empty_line) head.clear();
  const ParseState state = read(buffer.substr(0, limit_), head);
  if (state != ParseState::incomplete || buffer.size() < limit_) return state;
  return stop(phase_ < Phase::fields ? HeadFault::request_line_too_long : HeadFault::head_too_large);
}

ParseState RequestHeadParser::stop(HeadFault fault) noexcept {
  if (fault == HeadFault::none) return ParseState::incomplete;
  fault_ = fault;
  phase_ = Phase::refused;
  return ParseState::refused;
}

ParseState RequestHeadParser::read(std::string_view bytes, RequestHead& head) {
  if (phase_ != Phase::fields) {
    const ParseState state = read_request_line(bytes, head);
    if (state != ParseState::complete) return state;
  }
  HeadFault fault = HeadFault::none;
  const ParseState state = read_field_section(bytes, cursor_, head.fields, fault, max_field_lines,
                                              [&](const Field& field) { return note(field, head); });
  if (state != ParseState::complete) return stop(fault);
  fault = conclude(head);
  if (fault != HeadFault::none) return stop(fault);
  phase_ = Phase::complete;
  return ParseState::complete;
}

// method SP request-target SP HTTP-version (RFC 9112 3), one SP each. Entered again where it was left.
ParseState RequestHeadParser::read_request_line(std::string_view bytes, RequestHead& head) {
  switch (phase_) {
    case Phase::empty_line:
      // RFC 9112 2.2: one, which old clients sent after a body.
      if (bytes.empty() || bytes == "\r") return ParseState::incomplete;
      if (crlf_at(bytes, 0)) cursor_.next_line(2);
      phase_ = Phase::method;
      [[fallthrough]];
    case Phase::method:
      cursor_.at = skip_token(bytes, cursor_.at);
      if (cursor_.at == cursor_.part || cursor_.at == bytes.size() || bytes[cursor_.at] != ' ') {
        return stop(fault_at(bytes, cursor_.at, HeadFault::malformed_request_line));
      }
      head.method = bytes.substr(cursor_.part, cursor_.at - cursor_.part);
      cursor_.next_part(cursor_.at + 1);
      phase_ = Phase::target;
      [[fallthrough]];
    case Phase::target:
      cursor_.at = skip_visible(bytes, cursor_.at);
      if (cursor_.at == cursor_.part || cursor_.at == bytes.size() || bytes[cursor_.at] != ' ') {
        return stop(fault_at(bytes, cursor_.at, HeadFault::malformed_request_line));
      }
      head.target = bytes.substr(cursor_.part, cursor_.at - cursor_.part);
      cursor_.next_part(cursor_.at + 1);
      phase_ = Phase::version;
      [[fallthrough]];
    default:
      return read_version(bytes, head);
  }
}

ParseState RequestHeadParser::read_version(std::string_view bytes, RequestHead& head) {
  cursor_.at = skip_pattern(bytes, cursor_.part, cursor_.at, version_pattern);
  const bool whole = cursor_.at - cursor_.part == version_pattern.size();
  if (!whole || !crlf_at(bytes, cursor_.at)) {
    return stop(fault_at(bytes, cursor_.at, HeadFault::malformed_request_line));
  }
  if (!read_version_digits(bytes.substr(cursor_.part), head.version))
    return stop(HeadFault::unsupported_version);
  cursor_.next_line(cursor_.at + 2);
  phase_ = Phase::fields;
  return ParseState::complete;
}

HeadFault RequestHeadParser::note(const Field& field, RequestHead& head) {
  const KnownField known = recognise(field.name);
  if (known == KnownField::host) {
    if (!head.host.empty()) return HeadFault::duplicate_host;
    if (!valid_authority(field.value)) return HeadFault::malformed_host;
    head.host = field.value;
  } else if (known == KnownField::expect) {
    head.expects_continue = head.version == Version::http_1_1 && ++expect_fields_ == 1 &&
                            equal_ignoring_case(field.value, "100-continue");
  }
  return note_field(facts_, known, field, head.version, head.connection);
}

HeadFault RequestHeadParser::conclude(RequestHead& head) const {
  if (head.host.empty() && head.version == Version::http_1_1) return HeadFault::missing_host;
  if (facts_.chunked) head.framing = Framing::chunked;
  if (facts_.has_content_length) head.framing = Framing::content_length;
  head.content_length = facts_.content_length;
  head.keep_alive = facts_.persists(head.version);
  if (head.method == "GET" && head.version == Version::http_1_1 && facts_.names_websocket()) {
    // Its bytes would be a body to one reader and frames of the websocket to the other.
    if (facts_.chunked || facts_.content_length > 0) return HeadFault::malformed_upgrade;
    head.websocket_upgrade = true;
  }
  // In any case of letters: a backend may take "trace" for TRACE.
  const bool refused =
      equal_ignoring_case(head.method, "CONNECT") || equal_ignoring_case(head.method, "TRACE");
  return refused ? HeadFault::refused_method : HeadFault::none;
}

}  // namespace postern::http
