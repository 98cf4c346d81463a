#pragma once
// The fields that forwarding treats in a way of their own: one table for both directions, heads and trailers.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "http/beast_vocabulary.hpp"

namespace postern::http {

// Beast's names of fields, `unknown` for any other. A spelling with '_' is another name to Beast.
using FieldName = boost::beast::http::field;

enum class FieldClass : std::uint8_t {
  other,
  hop_by_hop,  // Connection, Keep-Alive, Proxy-Connection, TE, Upgrade (RFC 9110 7.6.1); HTTP2-Settings (RFC
               // 7540 3.2.1)
  host,
  content_length,
  transfer_encoding,
  content_format,  // Content-Encoding, Content-Type, Content-Range
  authorization,
  proxy_authorization,
  cookie,
  expect,
  trailer,
  forwarded,  // RFC 7239
  x_forwarded_for,
  x_forwarded_proto,
  x_forwarded_host,
  x_forwarded_other,  // any other X-Forwarded-*
  x_real_ip,
  x_request_id,
  websocket_protocol,  // Sec-WebSocket-Protocol
  signed_identity,     // X-Postern-Identity
  override_mark,       // X-Postern-Override
};

// The class of a field that Beast knows as `known`. Names that it does not know are compared folded:
// Transfer_Encoding is of the class of Transfer-Encoding, since a backend may read it so.
FieldClass class_of(FieldName known, std::string_view name) noexcept;

// A spelling with '_' is only ever taken away: never believed, never kept where the class means something.
inline bool is_underscored(std::string_view name) noexcept {
  return name.find('_') != std::string_view::npos;
}

// Whether the field is one that the gate alone writes by configuration: the identity header or one of `more`,
// in any spelling, whatever Beast knows it as.
bool is_guarded(std::string_view name, std::string_view identity_header,
                std::span<const std::string> more) noexcept;

// Whether Connection names the field: then it ends here (RFC 9110 7.6.1). A name in another spelling is
// another name.
bool is_nominated(std::string_view name, std::span<const std::string_view> connection) noexcept;

}  // namespace postern::http
