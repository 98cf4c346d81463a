#include "http/forward_response.hpp"

#include "http/field_line.hpp"

namespace postern::http {
namespace {

// 1xx and 204 end with their head and say nothing of a length (RFC 9110 8.6, RFC 9112 6.1).
bool never_framed(const ResponseHead& head) noexcept {
  return head.status < 200 || head.status == 204;
}

bool passes(const Field& field, const ResponseHead& head) noexcept {
  switch (field.field_class) {
    case FieldClass::hop_by_hop:
    case FieldClass::transfer_encoding:
    case FieldClass::x_request_id:
      return false;
    case FieldClass::content_length:
      // To HEAD and in 304 it tells of a body that is not there; elsewhere it is written from the framing.
      return head.framing == Framing::none && !never_framed(head) && !is_underscored(field.name);
    default:
      return !is_nominated(field.name, head.connection);
  }
}

void append_status_line(std::string& out, const ResponseHead& head) {
  // The version is the gate's own, to an HTTP/1.0 client too (RFC 9112 2.3).
  out.append("HTTP/1.1 ");
  append_number(out, head.status);
  out.append(" ").append(head.reason).append("\r\n");
}

void append_framing(std::string& out, const ResponseHead& head, bool dechunk) {
  if (head.framing == Framing::content_length) append_field(out, "Content-Length", head.content_length);
  if (head.framing == Framing::chunked && !dechunk) append_field(out, "Transfer-Encoding", "chunked");
}

void append_persistence(std::string& out, const DownstreamResponse& response) {
  if (!response.keep_alive) {
    append_field(out, "Connection", "close");
  } else if (response.client_version == Version::http_1_0) {
    append_field(out, "Connection", "keep-alive");
  }
}

}  // namespace

void write_response_head(std::string& out, const ResponseHead& head, const DownstreamResponse& response) {
  const bool switches = head.status == 101;
  const bool interim = head.status < 200 && !switches;
  append_status_line(out, head);

  bool subprotocol_selected = false;
  FieldLines lines(out);
  for (const Field& field : head.fields) {
    if (!passes(field, head)) continue;
    if (field.known == FieldName::sec_websocket_protocol) subprotocol_selected = true;
    lines.append(field);
  }
  lines.flush();

  if (!never_framed(head)) append_framing(out, head, response.dechunk);
  if (switches) append_websocket_upgrade(out);
  if (switches && response.add_bearer_subprotocol && !subprotocol_selected) {
    append_field(out, "Sec-WebSocket-Protocol", "bearer");
  }
  if (!interim) append_field(out, "X-Request-Id", response.request_id);
  if (!interim && !switches) append_persistence(out, response);
  out.append("\r\n");
}

}  // namespace postern::http
