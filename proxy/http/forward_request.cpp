#include "http/forward_request.hpp"

#include <algorithm>
#include <cstddef>

#include "http/authority.hpp"
#include "http/byte_class.hpp"
#include "http/field_line.hpp"

namespace postern::http {
namespace {

// What the X-Forwarded-* fields of a trusted proxy say. A spelling with '_' may have come past it from
// anybody.
struct ForwardedBefore {
  bool has_for = false;
  std::size_t protos = 0;
  std::size_t hosts = 0;
  std::string_view proto;
  std::string_view host;

  void read(const Field& field) noexcept {
    if (is_underscored(field.name)) return;
    if (field.field_class == FieldClass::x_forwarded_for) has_for = true;
    if (field.field_class == FieldClass::x_forwarded_proto) {
      ++protos;
      proto = field.value;
    }
    if (field.field_class == FieldClass::x_forwarded_host) {
      ++hosts;
      host = field.value;
    }
  }
};

bool passes(const Field& field, const RequestHead& head, const UpstreamRequest& request) {
  switch (field.field_class) {
    case FieldClass::hop_by_hop:
    case FieldClass::host:
    case FieldClass::content_length:
    case FieldClass::transfer_encoding:
    case FieldClass::x_forwarded_for:
    case FieldClass::x_forwarded_proto:
    case FieldClass::x_forwarded_host:
    case FieldClass::x_request_id:
    case FieldClass::signed_identity:
    case FieldClass::override_mark:
      return false;
    case FieldClass::authorization:
      return request.forward_authorization;
    case FieldClass::forwarded:
    case FieldClass::x_forwarded_other:
    case FieldClass::x_real_ip:
      return request.peer_is_trusted_proxy && !is_underscored(field.name);
    case FieldClass::websocket_protocol:
      return !request.strip_bearer_subprotocol;
    case FieldClass::expect:
      // An HTTP/1.0 client waits for no 100, and what goes upstream is HTTP/1.1 (RFC 9110 10.1.1).
      return head.version == Version::http_1_1 || !equal_ignoring_case(field.value, "100-continue");
    default:
      return true;
  }
}

// Copies the elements of Sec-WebSocket-Protocol but for every "bearer" and what follows it, over all lines as
// one list (RFC 9110 5.3), empty elements aside. Rather too much is taken away than a token left in any
// reading of the list.
void append_subprotocols(std::string& out, const RequestHead& head) {
  const std::size_t line_begin = out.size();
  bool bearer_before = false;
  for (const Field& field : head.fields) {
    if (field.known != FieldName::sec_websocket_protocol) continue;
    std::string_view list = field.value;
    while (!list.empty()) {
      const std::size_t end = std::min(list.find(','), list.size());
      const std::string_view element = without_outer_space(list.substr(0, end));
      list.remove_prefix(std::min(end + 1, list.size()));
      if (element.empty()) continue;
      const bool bearer = equal_ignoring_case(element, "bearer");
      if (!bearer && !bearer_before) {
        if (out.size() == line_begin) {
          begin_field(out, "Sec-WebSocket-Protocol");
        } else {
          out.append(", ");
        }
        out.append(element);
      }
      bearer_before = bearer;
    }
  }
  if (out.size() != line_begin) end_field(out);
}

void append_framing(std::string& out, const RequestHead& head) {
  if (head.framing == Framing::content_length) append_field(out, "Content-Length", head.content_length);
  if (head.framing == Framing::chunked) append_field(out, "Transfer-Encoding", "chunked");
}

void append_forwarded_for(std::string& out, const RequestHead& head, std::string_view peer,
                          bool keep_before) {
  begin_field(out, "X-Forwarded-For");
  for (const Field& field : head.fields) {
    if (!keep_before) break;
    if (field.field_class != FieldClass::x_forwarded_for || is_underscored(field.name)) continue;
    if (!field.value.empty()) out.append(field.value).append(", ");
  }
  out.append(peer);
  end_field(out);
}

bool sane_scheme(std::string_view scheme) noexcept {
  return equal_ignoring_case(scheme, "http") || equal_ignoring_case(scheme, "https") ||
         equal_ignoring_case(scheme, "ws") || equal_ignoring_case(scheme, "wss");
}

void append_forwarded(std::string& out, const RequestHead& head, const UpstreamRequest& request,
                      const ForwardedBefore& before) {
  append_forwarded_for(out, head, request.peer_address, before.has_for);
  const bool keep_proto = before.protos == 1 && sane_scheme(before.proto);
  append_field(out, "X-Forwarded-Proto", keep_proto ? before.proto : request.scheme);
  const bool keep_host = before.hosts == 1 && valid_authority(before.host);
  const std::string_view host = keep_host ? before.host : request.authority;
  if (!host.empty()) append_field(out, "X-Forwarded-Host", host);
}

}  // namespace

void write_request_head(std::string& out, const RequestHead& head, const UpstreamRequest& request) {
  out.append(head.method).append(" ").append(request.target).append(" HTTP/1.1\r\n");
  // An HTTP/1.0 request may come without a Host; HTTP/1.1 demands one (RFC 9112 3.2).
  append_field(out, "Host", request.authority.empty() ? "localhost" : request.authority);

  ForwardedBefore before;
  FieldLines lines(out);
  for (const Field& field : head.fields) {
    if (is_guarded(field.name, request.identity_header, request.claim_headers)) continue;
    if (request.peer_is_trusted_proxy) before.read(field);
    if (passes(field, head, request) && !is_nominated(field.name, head.connection)) {
      lines.append(field);
    }
  }
  lines.flush();
  if (request.strip_bearer_subprotocol && !is_nominated("Sec-WebSocket-Protocol", head.connection))
    append_subprotocols(out, head);

  append_framing(out, head);
  if (request.websocket) {
    append_websocket_upgrade(out);
  } else if (request.close) {
    append_field(out, "Connection", "close");
  }
  append_forwarded(out, head, request, before);
  append_field(out, "X-Request-Id", request.request_id);
  if (!request.uid.empty()) append_field(out, request.identity_header, request.uid);
  out.append(request.claim_fields);
  if (request.overridden) append_field(out, "X-Postern-Override", "true");
  if (!request.signed_identity.empty()) append_field(out, "X-Postern-Identity", request.signed_identity);
  out.append("\r\n");
}

}  // namespace postern::http
