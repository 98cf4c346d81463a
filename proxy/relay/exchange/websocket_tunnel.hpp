#pragma once
// A websocket: after the upstream's 101 the bytes are the two ends' own affair, until Postern must end it.
// Most are silent most of the time: a quiet one holds no buffers and no coroutine for either direction.

#include <cstdint>

#include "http/websocket_frames.hpp"
#include "relay/client_connection.hpp"
#include "relay/exchange/close_reason.hpp"
#include "relay/exchange/websocket_end.hpp"

namespace postern::relay {

class WebSocketTunnel final : public Closable {
 public:
  // The connection's buffers hold what came behind the two heads. No view into them lasts: they are given
  // back while the websocket is quiet, and run() ends with others, which are empty.
  explicit WebSocketTunnel(ClientConnection& connection);
  ~WebSocketTunnel();
  WebSocketTunnel(const WebSocketTunnel&) = delete;
  WebSocketTunnel& operator=(const WebSocketTunnel&) = delete;

  // Relays until the end; close_reason() says whether that was Postern's doing.
  transport::Awaitable<WebSocketEnd> run();

  // Ends it with a close frame to each side at its next frame boundary (RFC 6455 7.1.1); a side that lets its
  // frame hang or takes nothing is cut off after a moment.
  void close(CloseReason reason) noexcept override;
  void rest() noexcept override;
  [[nodiscard]] CloseReason close_reason() const noexcept { return close_reason_; }

  [[nodiscard]] std::uint64_t bytes_from_client() const noexcept { return to_upstream_.bytes; }
  [[nodiscard]] std::uint64_t bytes_from_upstream() const noexcept { return to_client_.bytes; }

 private:
  struct Direction {
    transport::Stream& from;
    transport::Stream& to;
    Buffer RequestBuffers::*buffer;
    WebSocketEvent when_from_ends;
    WebSocketEvent when_from_fails;
    WebSocketEvent when_to_fails;
    bool masked;  // as a client's frames are (RFC 6455 5.3)
    http::WebSocketFrames frames{};
    std::uint64_t bytes = 0;
    bool reading = false;  // waits for bytes, and has none
    bool done = false;     // nothing more is read or written
    transport::asio::cancellation_signal stop_reading{};
  };

  transport::Awaitable<> relay(Direction& direction);
  transport::Awaitable<bool> pass_buffered(Direction& direction);
  transport::Awaitable<> write_close(Direction& direction);
  transport::Awaitable<> discard(Direction& direction);
  void wait_at_most() noexcept;
  // Without buffers, until there is something to do.
  transport::Awaitable<> wait_quietly();
  void end_waits() noexcept;
  [[nodiscard]] bool may_rest() const noexcept;
  [[nodiscard]] Buffer& buffer_of(const Direction& direction) const noexcept {
    return (*connection_.buffers).*direction.buffer;
  }
  // One side has ended in order.
  transport::Awaitable<> pass_end(Direction& direction);
  void fail(WebSocketEvent failure) noexcept;
  [[nodiscard]] bool closing() const noexcept { return close_reason_ != CloseReason::none; }

  ClientConnection& connection_;
  Direction to_upstream_;
  Direction to_client_;
  WebSocketStory story_;
  CloseReason close_reason_ = CloseReason::none;
  transport::Clock::duration quiet_after_{};  // as the deadline was armed last
  bool resting_ = false;                      // both directions end their reads for it
  bool quiet_ = false;                        // in wait_quietly()
};

}  // namespace postern::relay
