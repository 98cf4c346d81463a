#include "http/head_rules.hpp"

#include <algorithm>
#include <cstddef>

#include "http/authority.hpp"
#include "http/byte_class.hpp"

namespace postern::http {
namespace {

using boost::beast::http::verb;

constexpr bool is_digit(char byte) noexcept {
  return byte >= '0' && byte <= '9';
}

// "HTTP/d.d", but not a version that is spoken here. The name is case-sensitive (RFC 9112 2.3).
bool names_other_version(std::string_view text) noexcept {
  return text.size() == 8 && text.starts_with("HTTP/") && is_digit(text[5]) && text[6] == '.' &&
         is_digit(text[7]) && text != "HTTP/1.0" && text != "HTTP/1.1";
}

}  // namespace

HeadFault start_line_fault(std::string_view line, bool is_request) noexcept {
  line.remove_suffix(2);
  if (!is_request) {
    const bool whole =
        line.size() >= 12 && line[8] == ' ' && is_digit(line[9]) && is_digit(line[10]) && is_digit(line[11]);
    return whole && names_other_version(line.substr(0, 8)) ? HeadFault::unsupported_version
                                                           : HeadFault::malformed_status_line;
  }
  const std::size_t target = std::min(line.find(' '), line.size());
  const std::size_t version = std::min(line.find(' ', target + 1), line.size());
  const bool whole = is_token(line.substr(0, target)) && version > target + 1 && version < line.size();
  return whole && names_other_version(line.substr(version + 1)) ? HeadFault::unsupported_version
                                                                : HeadFault::malformed_request_line;
}

HeadFault note_head_field(const Field& field, FramingFacts& facts, RequestHead& head) {
  if (field.known == FieldName::host) {
    if (!head.host.empty()) return HeadFault::duplicate_host;
    if (!valid_authority(field.value)) return HeadFault::malformed_host;
    head.host = field.value;
    return HeadFault::none;
  }
  if (field.known == FieldName::expect) {
    head.expects_continue = head.version == Version::http_1_1 && ++facts.expect_fields == 1 &&
                            equal_ignoring_case(field.value, "100-continue");
    return HeadFault::none;
  }
  return note_field(facts, field, head.version, head.connection);
}

HeadFault note_head_field(const Field& field, FramingFacts& facts, ResponseHead& head) {
  return note_field(facts, field, head.version, head.connection);
}

HeadFault conclude(const FramingFacts& facts, RequestHead& head) {
  if (head.host.empty() && head.version == Version::http_1_1) return HeadFault::missing_host;
  if (facts.chunked) head.framing = Framing::chunked;
  if (facts.has_content_length) head.framing = Framing::content_length;
  head.content_length = facts.content_length;
  head.keep_alive = facts.persists(head.version);
  if (head.verb == verb::get && head.version == Version::http_1_1 && facts.names_websocket()) {
    // Its bytes would be a body to one reader and frames of the websocket to the other.
    if (facts.chunked || facts.content_length > 0) return HeadFault::malformed_upgrade;
    head.websocket_upgrade = true;
  }
  // In any case of letters: a backend may take "trace" for TRACE, Beast does not.
  const bool refused = head.verb == verb::connect || head.verb == verb::trace ||
                       (head.verb == verb::unknown && (equal_ignoring_case(head.method, "CONNECT") ||
                                                       equal_ignoring_case(head.method, "TRACE")));
  return refused ? HeadFault::refused_method : HeadFault::none;
}

HeadFault conclude(const FramingFacts& facts, std::string_view request_method, ResponseHead& head) {
  const bool announces_body = facts.chunked || facts.content_length > 0;
  const bool informational = head.status < 200;
  head.keep_alive = facts.persists(head.version);
  head.content_length = facts.content_length;
  if (informational || head.status == 204) {
    // RFC 9112 6.1, RFC 9110 8.6. After an interim response another follows, which such a body could play;
    // after a 204 with a length (frameworks send those) it is enough to read no further.
    if (facts.chunked || (informational && announces_body)) return HeadFault::unexpected_framing;
    head.keep_alive = head.keep_alive && !announces_body;
  } else if (head.status == 304 || request_method == "HEAD") {
    head.framing = Framing::none;
  } else if (facts.chunked) {
    head.framing = Framing::chunked;
  } else if (facts.has_content_length) {
    head.framing = Framing::content_length;
  } else {
    head.framing = Framing::until_close;
    head.keep_alive = false;
  }
  head.websocket_accepted = head.status == 101 && facts.names_websocket();
  return HeadFault::none;
}

}  // namespace postern::http
