#pragma once
// Writing all of several buffers, and looking at a socket without reading from it.

#include <boost/asio/read.hpp>
#include <span>

#include "net/asio.hpp"

namespace postern::net {

// Writes every byte of `buffers` in order, waiting only when the socket takes no more. The socket is
// non-blocking; the span's elements are used up.
Awaitable<error_code> write_all(Socket& socket, std::span<asio::const_buffer> buffers);

// Whether an idle connection may carry another request: still open, and nothing unasked has come in. Bytes
// that nobody asked for would be taken for the answer to the next request.
bool quiet_and_open(Socket& socket) noexcept;

// The next close() resets the connection, so that the peer does not take what it has for the whole.
void reset_on_close(Socket& socket) noexcept;

// Small writes leave at once (TCP_NODELAY); no effect on unix sockets.
void send_promptly(Socket& socket) noexcept;

}  // namespace postern::net
