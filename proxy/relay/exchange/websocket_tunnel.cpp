#include "relay/exchange/websocket_tunnel.hpp"

#include <unistd.h>

#include <array>
#include <boost/asio/experimental/awaitable_operators.hpp>

#include "transport/readable_wait.hpp"

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
// Silence after which a websocket is quiet. One that speaks more often costs no system call more.
constexpr std::chrono::seconds quiet_after{1};

}  // namespace

WebSocketTunnel::WebSocketTunnel(ClientConnection& connection)
    : connection_(connection),
      to_upstream_{connection.client,
                   connection.upstream->stream,
                   &RequestBuffers::from_client,
                   WebSocketEvent::client_ended,
                   WebSocketEvent::client_failed,
                   WebSocketEvent::upstream_failed,
                   true},
      to_client_{connection.upstream->stream,
                 connection.client,
                 &RequestBuffers::from_upstream,
                 WebSocketEvent::upstream_ended,
                 WebSocketEvent::upstream_failed,
                 WebSocketEvent::client_failed,
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

Awaitable<WebSocketEnd> WebSocketTunnel::run() {
  buffer_of(to_upstream_).rewind();
  do {
    resting_ = false;
    co_await (relay(to_upstream_) && relay(to_client_));
    if (resting_ && may_rest()) co_await wait_quietly();
  } while (resting_);
  if (story_.failed() || !closing()) co_return story_.end();
  // A side that is told to go answers, or had more on its way: closing on that would reset the connection,
  // and the close frame might never be read.
  co_await connection_.client.finish_sending();
  co_await connection_.upstream->stream.finish_sending();
  co_await (discard(to_upstream_) && discard(to_client_));
  co_return story_.end();
}

void WebSocketTunnel::wait_at_most() noexcept {
  if (closing() || story_.client_ended()) return;
  const RelayContext& context = connection_.context;
  if (to_client_.done || context.settings.stream_idle_timeout <= quiet_after) {
    return connection_.wait(Patience::stream);
  }
  // In a crowd at the next look at the deadlines.
  quiet_after_ = context.buffers.is_scarce() ? std::chrono::seconds(0) : quiet_after;
  connection_.wait_at_most(DeadlineKind::quiet, quiet_after_);
}

// Until `from` ends its side, or the websocket is to rest.
Awaitable<> WebSocketTunnel::relay(Direction& direction) {
  Buffer& buffer = buffer_of(direction);
  while (!story_.failed() && !direction.done) {
    const bool passed = co_await pass_buffered(direction);
    if (!passed) co_return fail(direction.when_to_fails);
    if (closing() && direction.frames.at_boundary()) {
      direction.done = true;
      co_await write_close(direction);
      co_return;
    }
    if (resting_) co_return;
    buffer.rewind();
    wait_at_most();
    direction.reading = true;
    const auto [error, count] =
        co_await direction.from.read_some(buffer.room(), direction.stop_reading.slot());
    direction.reading = false;
    if (error == asio::error::eof) {
      direction.done = true;
      co_await pass_end(direction);
      co_return;
    }
    const bool woken = (closing() || resting_) && connection_.interrupted() == Interruption::none &&
                       error == asio::error::operation_aborted;
    if (error && !woken) co_return fail(direction.when_from_fails);
    buffer.filled(count);
  }
}

// The reads end, and wait_quietly() follows.
void WebSocketTunnel::rest() noexcept {
  connection_.wait_at_most(DeadlineKind::stream,
                           connection_.context.settings.stream_idle_timeout - quiet_after_);
  if (!to_upstream_.reading || !to_client_.reading) return;
  resting_ = true;
  end_waits();
}

// Bytes or an end may have come while the reads ended; under TLS they may be here and not show on the socket.
bool WebSocketTunnel::may_rest() const noexcept {
  const auto is_silent = [this](const Direction& direction) {
    return !direction.done && buffer_of(direction).size() == 0 &&
           (!direction.from.is_encrypted() || direction.from.quiet_and_open());
  };
  return !story_.failed() && !closing() && is_silent(to_upstream_) && is_silent(to_client_);
}

Awaitable<> WebSocketTunnel::wait_quietly() {
  RequestBuffersPool& pool = connection_.context.buffers;
  pool.retire(std::move(connection_.buffers));
  quiet_ = true;
  const transport::ReadableWait wait =
      co_await transport::wait_for_either(to_upstream_.from, to_client_.from);
  quiet_ = false;
  connection_.buffers = pool.borrow();
  const bool woken = closing() && connection_.interrupted() == Interruption::none;
  if (wait.error && !woken) fail(wait.second ? to_client_.when_from_fails : to_upstream_.when_from_fails);
}

Awaitable<> WebSocketTunnel::pass_end(Direction& direction) {
  story_.on(direction.when_from_ends);
  if (&direction == &to_upstream_ && !closing()) {
    connection_.wait_at_most(DeadlineKind::linger, last_words_at_most);
  }
  co_await direction.to.finish_sending();
}

// What is here goes on; while closing, no more than the frame under way.
Awaitable<bool> WebSocketTunnel::pass_buffered(Direction& direction) {
  Buffer& buffer = buffer_of(direction);
  while (buffer.size() != 0) {
    const auto here = buffer.data();
    const auto piece = closing() ? here.substr(0, direction.frames.left_of_frame(here)) : here;
    if (piece.empty()) break;
    std::array<asio::const_buffer, 1> buffers = {asio::buffer(piece.data(), piece.size())};
    wait_at_most();
    const error_code error = co_await direction.to.write_all(buffers);
    if (error) co_return false;
    direction.frames.advance(piece);
    if (&direction == &to_client_) story_.on(WebSocketEvent::upstream_spoke);
    if (direction.frames.close_passed()) story_.on(WebSocketEvent::close_frame);
    direction.bytes += piece.size();
    buffer.take(piece.size());
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
  Buffer& buffer = buffer_of(direction);
  error_code error;
  // Asked for, because a side that never stops sending is never waited for.
  while (!error && !story_.failed() && connection_.interrupted() == Interruption::none) {
    buffer.clear();
    std::tie(error, std::ignore) = co_await direction.from.read_some(buffer.room());
  }
}

void WebSocketTunnel::close(CloseReason reason) noexcept {
  if (closing()) return;
  close_reason_ = reason;
  connection_.wait_at_most(DeadlineKind::linger, farewell_at_most);
  end_waits();
}

// Not the writes: half a frame cannot be taken back.
void WebSocketTunnel::end_waits() noexcept {
  if (quiet_) {
    connection_.client.cancel();
    connection_.upstream->stream.cancel();
  }
  to_upstream_.stop_reading.emit(asio::cancellation_type::terminal);
  to_client_.stop_reading.emit(asio::cancellation_type::terminal);
}

void WebSocketTunnel::fail(WebSocketEvent failure) noexcept {
  story_.on(failure);
  connection_.call_off();
}

}  // namespace postern::relay
