#pragma once
// The chunked transfer coding as it is written (RFC 9112 7.1): sizes anew and without extensions, so that no
// other parser can see other boundaries than this gate did.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "http/message.hpp"

namespace postern::http {

// "1a2b\r\n" for a chunk of `size` > 0 bytes, written into `storage`; the data and "\r\n" follow it on the
// wire.
std::string_view chunk_header(std::size_t size, std::span<char, 20> storage) noexcept;

// Appends "0\r\n", the trailer fields that may pass and the final CRLF. Towards the upstream identity,
// override, claim headers, authorization, forwarding, framing, Host and Connection-like fields are dropped
// (RFC 9110 6.5.1); towards the client framing, Connection-like and X-Request-Id.
void write_last_chunk_upstream(std::string& out, std::span<const Field> trailers,
                               std::string_view identity_header,
                               std::span<const std::string> claim_headers = {});
void write_last_chunk_downstream(std::string& out, std::span<const Field> trailers);

}  // namespace postern::http
