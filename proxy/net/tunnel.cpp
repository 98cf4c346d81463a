// A websocket: after the upstream's 101 the bytes are the two ends' own affair.

#include <boost/asio/experimental/awaitable_operators.hpp>

#include "net/exchange.hpp"
#include "net/socket_io.hpp"

namespace postern::net {

Awaitable<> Exchange::tunnel() {
  using namespace asio::experimental::awaitable_operators;
  down_[0] = asio::buffer(work_.to_client);
  down_count_ = 1;
  const bool written = co_await write_client();
  if (!written) co_return;
  work_.from_client.rewind(head_size_);
  co_await (tunnel_one_way(session_.client, session_.upstream, work_.from_client, head_size_, bytes_in_) &&
            tunnel_one_way(session_.upstream, session_.client, work_.from_upstream, 0, bytes_out_));
  response_done_ = true;
}

// Until `from` ends its side: then `to` hears the end too, and the other way goes on.
Awaitable<> Exchange::tunnel_one_way(Socket& from, Socket& to, Buffer& buffer, std::size_t keep,
                                     std::uint64_t& bytes) {
  error_code error;
  while (true) {
    if (buffer.size() != 0) {
      std::array<asio::const_buffer, 1> piece = {asio::buffer(buffer.data().data(), buffer.size())};
      session_.wait_at_most(Phase::stream, worker_.settings.stream_idle_timeout);
      error = co_await write_all(to, piece);
      if (error) break;
      bytes += buffer.size();
      buffer.take(buffer.size());
    }
    buffer.rewind(keep);
    const auto room = buffer.room();
    std::size_t count = 0;
    session_.wait_at_most(Phase::stream, worker_.settings.stream_idle_timeout);
    std::tie(error, count) = co_await from.async_read_some(asio::buffer(room.data(), room.size()), use_tuple);
    if (error == asio::error::eof) {
      to.shutdown(Socket::shutdown_send, error);
      co_return;
    }
    if (error) break;
    buffer.filled(count);
  }
  fail_by_deadline(Failure::client_gone);
}

}  // namespace postern::net
