#pragma once
// Writes the request head that the upstream gets. The head that was judged goes in, the head that the other
// side may see comes out; no byte of a dropped field reaches it (RFC 9110 7.6.1).

#include <span>
#include <string>
#include <string_view>

#include "http/message.hpp"

namespace postern::http {

// What the gate knows of a request beside its head. All views outlive the call.
struct UpstreamRequest {
  std::string_view target;           // origin-form, the very bytes that were judged
  std::string_view authority;        // what Host becomes: the Host received or the absolute-form's authority
  std::string_view identity_header;  // e.g. "X-User-Id"; every spelling of it is removed from the request
  std::string_view uid;              // empty: forwarded without identity
  std::string_view signed_identity;  // X-Postern-Identity; empty: none. The request's own is removed always
  // The names of the claim headers: like the identity header, every spelling is removed.
  std::span<const std::string> claim_headers{};
  std::string_view claim_fields{};    // whole lines, written as they are; see gate::append_claim_fields()
  bool overridden = false;            // write X-Postern-Override. The request's own is removed always
  bool forward_authorization = true;  // false removes Authorization in every spelling
  // Then X-Forwarded-*, X-Real-IP and Forwarded of the request are kept or appended to; else removed.
  bool peer_is_trusted_proxy = false;
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

}  // namespace postern::http
