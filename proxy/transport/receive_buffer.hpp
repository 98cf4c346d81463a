#pragma once
// Where bytes of a socket are received: a receive that does not fill it has emptied the socket. Asio asks the
// kernel once more before it waits; a proxy would hear EAGAIN twice a request. It does not ask where the
// receive before says that nothing is left, and this makes it say so.
//
// The one thing that such a receive does not tell is an end that came with the bytes: epoll has reported it
// already and stays silent. So who waits this way must know that no end is owed, or look again (Stream's
// read_awaited).

#include <sys/socket.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/detail/reactive_socket_recv_op.hpp>

namespace postern::transport {

struct ReceiveBuffer : boost::asio::mutable_buffer {
  using mutable_buffer::mutable_buffer;
};

}  // namespace postern::transport

namespace boost::asio::detail {

template <>
inline reactor_op::status reactive_socket_recv_op_base<postern::transport::ReceiveBuffer>::do_perform(
    reactor_op* base) {
  auto& receive = *static_cast<reactive_socket_recv_op_base*>(base);
  const std::size_t room = receive.buffers_.size();
  const bool is_stream = (receive.state_ & socket_ops::stream_oriented) != 0;
  const bool done =
      socket_ops::non_blocking_recv1(receive.socket_, receive.buffers_.data(), room, receive.flags_,
                                     is_stream, receive.ec_, receive.bytes_transferred_);
  if (!done) return not_done;
  return is_stream && receive.bytes_transferred_ < room ? done_and_exhausted : reactor_op::done;
}

}  // namespace boost::asio::detail
