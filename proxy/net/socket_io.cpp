#include "net/socket_io.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace postern::net {

Awaitable<error_code> write_all(Socket& socket, std::span<asio::const_buffer> buffers) {
  while (!buffers.empty()) {
    error_code error;
    std::size_t written = socket.write_some(buffers, error);
    if (error == asio::error::would_block || error == asio::error::try_again) {
      std::tie(error) = co_await socket.async_wait(Socket::wait_write, use_tuple);
      if (error) co_return error;
      continue;
    }
    if (error) co_return error;
    while (!buffers.empty() && written >= buffers.front().size()) {
      written -= buffers.front().size();
      buffers = buffers.subspan(1);
    }
    if (written != 0) buffers.front() += written;
  }
  co_return error_code{};
}

bool quiet_and_open(Socket& socket) noexcept {
  char byte;
  const auto seen = ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return seen < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

void reset_on_close(Socket& socket) noexcept {
  const linger at_once{1, 0};
  ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void send_promptly(Socket& socket) noexcept {
  const int on = 1;
  ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

}  // namespace postern::net
