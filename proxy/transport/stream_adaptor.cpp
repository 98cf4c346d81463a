#include "transport/stream_adaptor.hpp"

namespace postern::transport {

Awaitable<ReadResult> StreamAdaptor::read(asio::mutable_buffer room) {
  const auto [error, count] = co_await stream_.read_some({static_cast<char*>(room.data()), room.size()});
  co_return ReadResult{error, count};
}

Awaitable<ReadResult> StreamAdaptor::write(Pieces pieces) {
  const std::size_t size = asio::buffer_size(pieces);
  std::span<asio::const_buffer> left(pieces);
  const error_code error = co_await stream_.write_some(left);
  const std::size_t unsent = asio::buffer_size(left);
  co_return ReadResult{error, size - unsent};
}

}  // namespace postern::transport
