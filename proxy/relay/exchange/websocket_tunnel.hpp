#pragma once
// A websocket: after the upstream's 101 the bytes are the two ends' own affair, until Postern must end it.

#include <cstdint>

#include "http/websocket_frames.hpp"
#include "relay/client_connection.hpp"
#include "relay/exchange/close_reason.hpp"

namespace postern::relay {

class WebSocketTunnel final : public Closable {
 public:
  // Why it ended.
  enum class End : std::uint8_t {
    closed,       // both sides ended it
    client_gone,  // broken off, or takes nothing any more
    upstream_gone,
  };

  // The buffers hold what came behind the two heads; from_client keeps the first `kept` bytes of its storage.
  WebSocketTunnel(ClientConnection& connection, std::size_t kept);
  ~WebSocketTunnel();
  WebSocketTunnel(const WebSocketTunnel&) = delete;
  WebSocketTunnel& operator=(const WebSocketTunnel&) = delete;

  // Relays until the end; close_reason() says whether that was Postern's doing.
  transport::Awaitable<End> run();

  // Ends it with a close frame to each side at its next frame boundary (RFC 6455 7.1.1); a side that lets its
  // frame hang or takes nothing is cut off after a moment.
  void close(CloseReason reason) noexcept override;
  [[nodiscard]] CloseReason close_reason() const noexcept { return close_reason_; }

  [[nodiscard]] std::uint64_t bytes_from_client() const noexcept { return to_upstream_.bytes; }
  [[nodiscard]] std::uint64_t bytes_from_upstream() const noexcept { return to_client_.bytes; }

 private:
  struct Direction {
    transport::Stream& from;
    transport::Stream& to;
    Buffer& buffer;
    std::size_t kept;
    End when_from_fails;
    End when_to_fails;
    bool masked;  // as a client's frames are (RFC 6455 5.3)
    http::WebSocketFrames frames{};
    std::uint64_t bytes = 0;
    transport::asio::cancellation_signal stop_reading{};
  };

  transport::Awaitable<> relay(Direction& direction);
  transport::Awaitable<bool> pass_buffered(Direction& direction);
  transport::Awaitable<> write_close(Direction& direction);
  transport::Awaitable<> discard(Direction& direction);
  void wait_at_most() noexcept;
  // One side has ended in order.
  transport::Awaitable<> pass_end(Direction& direction);
  void fail(End end) noexcept;
  [[nodiscard]] bool closing() const noexcept { return close_reason_ != CloseReason::none; }

  ClientConnection& connection_;
  Direction to_upstream_;
  Direction to_client_;
  End end_ = End::closed;
  CloseReason close_reason_ = CloseReason::none;
  bool client_ended_ = false;
};

}  // namespace postern::relay
