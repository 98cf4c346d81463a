#pragma once
// A Stream as the AsyncReadStream and AsyncWriteStream that Beast's algorithms want, so that one TLS policy
// holds for all of them. For the few exchanges off the request path: each operation begins a coroutine.

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

#include "transport/stream.hpp"

namespace postern::transport {

class StreamAdaptor {
 public:
  using executor_type = Executor;

  // `stream` outlives it.
  explicit StreamAdaptor(Stream& stream) noexcept : stream_(stream) {}

  executor_type get_executor() noexcept { return stream_.socket().get_executor(); }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    const asio::mutable_buffer room = *asio::buffer_sequence_begin(buffers);
    return asio::async_initiate<Token, void(error_code, std::size_t)>(
        [this, room](auto handler) {
          asio::co_spawn(get_executor(), read(room), completing(std::move(handler)));
        },
        token);
  }

  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    Pieces pieces;
    auto out = pieces.begin();
    auto in = asio::buffer_sequence_begin(buffers);
    while (in != asio::buffer_sequence_end(buffers) && out != pieces.end()) *out++ = *in++;
    return asio::async_initiate<Token, void(error_code, std::size_t)>(
        [this, pieces](auto handler) {
          asio::co_spawn(get_executor(), write(pieces), completing(std::move(handler)));
        },
        token);
  }

 private:
  using Pieces = std::array<asio::const_buffer, 16>;

  template <class Handler>
  static auto completing(Handler handler) {
    return [handler = std::move(handler)](const std::exception_ptr& failure, ReadResult result) mutable {
      if (failure) std::rethrow_exception(failure);
      std::move(handler)(std::get<0>(result), std::get<1>(result));
    };
  }

  Awaitable<ReadResult> read(asio::mutable_buffer room);
  Awaitable<ReadResult> write(Pieces pieces);

  Stream& stream_;
};

}  // namespace postern::transport
