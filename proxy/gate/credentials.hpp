#pragma once
// Where a request carries its bearer token (RFC 6750 2.1), found without looking into the token.

#include <cstdint>
#include <string_view>

#include "http/message.hpp"

namespace postern::gate {

enum class WebSocketToken : std::uint8_t { header_only, subprotocol };

enum class CredentialFault : std::uint8_t {
  none,
  missing,
  duplicate,  // Authorization twice, or beside a bearer subprotocol: which of them would the backend read?
  other_scheme,
  malformed,  // Bearer with anything but one SP and a b64token
};
std::string_view text_of(CredentialFault fault) noexcept;

struct Credentials {
  CredentialFault fault = CredentialFault::missing;
  std::string_view token;  // set when fault is none; a view into the head
  // With WebSocketToken::subprotocol: an element "bearer", in any case, stands in Sec-WebSocket-Protocol.
  bool bearer_subprotocol = false;
};

// `Authorization: Bearer <b64token>`, exactly once; the scheme in any case, followed by exactly one SP: RFC
// 9110 11.4 allows more, but no client sends more and readers differ in what they make of it. On a websocket
// upgrade with WebSocketToken::subprotocol, in its stead, the elements `bearer, <token>` of
// Sec-WebSocket-Protocol, once and in lower case.
Credentials find_credentials(const http::RequestHead& head, WebSocketToken websocket_token) noexcept;

// The same without a look at the token's characters, which those of a remembered token do not need.
Credentials locate_credentials(const http::RequestHead& head, WebSocketToken websocket_token) noexcept;
// 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"=" (RFC 6750 2.1)
bool is_b64token(std::string_view text) noexcept;

}  // namespace postern::gate
