#include "relay/exchange/websocket_tunnel.hpp"

#include <unistd.h>

#include <array>
#include <boost/asio/experimental/awaitable_operators.hpp>

namespace postern::relay {

using observe::ConnectionState;
using observe::Side;
using transport::Awaitable;
using transport::DeadlineKind;
using transport::error_code;
namespace asio = transport::asio;

namespace {

using namespace asio::experimental::awaitable_operators;

// For the frames under way to end and the close frames to be read.
constexpr std::chrono::seconds farewell_at_most{2};
// For the upstream's last words to a client that has ended its side: it may have left.
constexpr std::chrono::milliseconds last_words_at_most{500};

}  // namespace

WebSocketTunnel::WebSocketTunnel(ClientConnection& connection, std::size_t kept)
    : connection_(connection),
      to_upstream_{connection.client,
                   connection.upstream->stream,
                   connection.buffers->from_client,
                   kept,
                   End::client_gone,
                   End::upstream_gone,
                   true},
      to_client_{connection.upstream->stream,
                 connection.client,
                 connection.buffers->from_upstream,
                 0,
                 End::upstream_gone,
                 End::client_gone,
                 false} {
  connection_.set_closable(this);
  observe::WorkerMetrics& metrics = connection_.context.metrics;
  metrics.connection_changed(Side::client, ConnectionState::active, ConnectionState::tunnel);
  connection_.upstream->count_as(metrics, ConnectionState::tunnel);
}

WebSocketTunnel::~WebSocketTunnel() {
  connection_.set_closable(nullptr);
  connection_.context.metrics.connection_changed(Side::client, ConnectionState::tunnel,
                                                 ConnectionState::active);
}

Awaitable<WebSocketTunnel::End> WebSocketTunnel::run() {
  to_upstream_.buffer.rewind(to_upstream_.kept);
  co_await (relay(to_upstream_) && relay(to_client_));
  if (end_ != End::closed || !closing()) co_return end_;
  // A side that is told to go answers, or had more on its way: closing on that would reset the connection,
  // and the close frame might never be read.
  co_await connection_.client.finish_sending();
  co_await connection_.upstream->stream.finish_sending();
  co_await (discard(to_upstream_) && discard(to_client_));
  co_return end_;
}

void WebSocketTunnel::wait_at_most() noexcept {
  if (!closing() && !client_ended_) connection_.wait(Patience::stream);
}

// Until `from` ends its side.
Awaitable<> WebSocketTunnel::relay(Direction& direction) {
  while (end_ == End::closed) {
    const bool passed = co_await pass_buffered(direction);
    if (!passed) co_return fail(direction.when_to_fails);
    if (closing() && direction.frames.at_boundary()) {
      co_await write_close(direction);
      co_return;
    }
    direction.buffer.rewind(direction.kept);
    wait_at_most();
    const auto [error, count] =
        co_await direction.from.read_some(direction.buffer.room(), direction.stop_reading.slot());
    if (error == asio::error::eof) {
      co_await pass_end(direction);
      co_return;
    }
    const bool woken = closing() && connection_.interrupted() == Interruption::none &&
                       error == asio::error::operation_aborted;
    if (error && !woken) co_return fail(direction.when_from_fails);
    direction.buffer.filled(count);
  }
}

Awaitable<> WebSocketTunnel::pass_end(Direction& direction) {
  if (&direction == &to_upstream_) {
    client_ended_ = true;
    if (!closing()) connection_.wait_at_most(DeadlineKind::linger, last_words_at_most);
  }
  co_await direction.to.finish_sending();
}

// What is here goes on; while closing, no more than the frame under way.
Awaitable<bool> WebSocketTunnel::pass_buffered(Direction& direction) {
  while (direction.buffer.size() != 0) {
    const auto here = direction.buffer.data();
    const auto piece = closing() ? here.substr(0, direction.frames.left_of_frame(here)) : here;
    if (piece.empty()) break;
    std::array<asio::const_buffer, 1> buffers = {asio::buffer(piece.data(), piece.size())};
    wait_at_most();
    const error_code error = co_await direction.to.write_all(buffers);
    if (error) co_return false;
    direction.frames.advance(piece);
    direction.bytes += piece.size();
    direction.buffer.take(piece.size());
  }
  co_return true;
}

Awaitable<> WebSocketTunnel::write_close(Direction& direction) {
  if (direction.frames.close_passed()) co_return;
  std::array<char, http::client_close_frame_size> storage;
  const auto code = static_cast<std::uint16_t>(close_reason_);
  const std::string_view reason = close_reason_ == CloseReason::going_away ? "going away" : "token expired";
  std::string_view frame;
  if (direction.masked) {
    std::array<unsigned char, 4> mask{};
    if (::getentropy(mask.data(), mask.size()) != 0) mask = {};
    frame = http::client_close_frame(code, reason, mask, storage);
  } else {
    frame = http::server_close_frame(code, reason, std::span(storage).first<http::server_close_frame_size>());
  }
  std::array<asio::const_buffer, 1> buffers = {asio::buffer(frame.data(), frame.size())};
  co_await direction.to.write_all(buffers);
}

Awaitable<> WebSocketTunnel::discard(Direction& direction) {
  error_code error;
  while (!error && end_ == End::closed) {
    direction.buffer.take(direction.buffer.size());
    direction.buffer.rewind(direction.kept);
    std::tie(error, std::ignore) = co_await direction.from.read_some(direction.buffer.room());
  }
}

void WebSocketTunnel::close(CloseReason reason) noexcept {
  if (closing()) return;
  close_reason_ = reason;
  connection_.wait_at_most(DeadlineKind::linger, farewell_at_most);
  // Not the writes: half a frame cannot be taken back.
  to_upstream_.stop_reading.emit(asio::cancellation_type::terminal);
  to_client_.stop_reading.emit(asio::cancellation_type::terminal);
}

void WebSocketTunnel::fail(End end) noexcept {
  // An upstream that is cut off because the client has left did not fail.
  if (end_ == End::closed) end_ = client_ended_ && end == End::upstream_gone ? End::client_gone : end;
  connection_.call_off();
}

}  // namespace postern::relay
