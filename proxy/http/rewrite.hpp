#pragma once
// Writes the heads that leave the gate. The head that was judged goes in, the head that the other side may
// see comes out; no byte of a dropped field reaches it (RFC 9110 7.6.1).

#include <span>
#include <string>
#include <string_view>

#include "http/message.hpp"

namespace postern::http {

// What the gate knows of a request beside its head. All views outlive the call.
struct UpstreamRequest {
  std::string_view target;            // origin-form, the very bytes that were judged
  std::string_view authority;         // what Host becomes: the Host received or the absolute-form's authority
  std::string_view identity_header;   // e.g. "X-User-Id"; every spelling of it is removed from the request
  std::string_view uid;               // empty: forwarded without identity
  std::string_view signed_identity;   // X-Postern-Identity; empty: none. The request's own is removed always
  bool forward_authorization = true;  // false removes Authorization in every spelling
  bool peer_is_trusted_proxy = false;     // then X-Forwarded-* of the request are kept or appended to
  std::string_view peer_address;          // textual IP of the peer; "unix:" peers give "127.0.0.1"
  std::string_view scheme = "http";       // how the client reached the gate
  std::string_view request_id;            // replaces X-Request-Id
  bool close = false;                     // write Connection: close, unless it is a websocket
  bool websocket = false;                 // write Connection: Upgrade and Upgrade: websocket
  bool strip_bearer_subprotocol = false;  // Sec-WebSocket-Protocol loses "bearer" and the token behind it
};

// Appends the request head for the upstream to `out`: HTTP/1.1, end-to-end fields in their order, then what
// the gate sets. Connection-nominated fields are removed but for Host, framing and the fields that the gate
// itself sets.
void write_request_head(std::string& out, const RequestHead& head, const UpstreamRequest& request);

struct DownstreamResponse {
  Version client_version = Version::http_1_1;
  bool keep_alive = true;       // false writes Connection: close
  std::string_view request_id;  // replaces the upstream's X-Request-Id
  bool dechunk = false;         // the body leaves delimited by close (chunked upstream, HTTP/1.0 client)
  bool add_bearer_subprotocol = false;  // 101 only: select "bearer" when the upstream selected none
};

// Appends the response head for the client to `out`. Statuses 1xx go through here too (no Connection, no
// framing).
void write_response_head(std::string& out, const ResponseHead& head, const DownstreamResponse& response);

// Appends "0\r\n", the trailer fields that may pass and the final CRLF. Towards the upstream identity,
// authorization, forwarding, framing, Host and Connection-like fields are dropped (RFC 9110 6.5.1); towards
// the client framing, Connection-like and X-Request-Id.
void write_last_chunk_upstream(std::string& out, std::span<const Field> trailers,
                               std::string_view identity_header);
void write_last_chunk_downstream(std::string& out, std::span<const Field> trailers);

// 1 to 128 characters of [A-Za-z0-9._:-], safe in a log line and a header: what X-Request-Id may be to be
// kept.
bool sane_request_id(std::string_view id) noexcept;

}  // namespace postern::http
