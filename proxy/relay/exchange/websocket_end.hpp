#pragma once
// Whose doing the end of a websocket was, from what happened in which order.

#include <cstdint>

namespace postern::relay {

// Why it ended.
enum class WebSocketEnd : std::uint8_t {
  closed,       // both sides ended it
  client_gone,  // it broke off, takes nothing any more, or left without a word
  upstream_gone,
};

enum class WebSocketEvent : std::uint8_t {
  client_ended,  // its side, in order: the upstream may still speak
  upstream_ended,
  upstream_spoke,  // and the client took it
  close_frame,     // from either side
  client_failed,
  upstream_failed,
};

class WebSocketStory {
 public:
  void on(WebSocketEvent event) noexcept;

  [[nodiscard]] bool client_ended() const noexcept { return client_ended_; }
  // Only a failure ends both directions at once.
  [[nodiscard]] bool failed() const noexcept { return end_ != WebSocketEnd::closed; }

  // Once both directions have stopped. A client that ended first and got no word of farewell, neither a close
  // frame nor anything else, has left: such an end is abnormal (RFC 6455 7.1.5).
  [[nodiscard]] WebSocketEnd end() const noexcept;

 private:
  WebSocketEnd end_ = WebSocketEnd::closed;
  bool client_ended_ = false;
  bool upstream_ended_ = false;
  bool unanswered_ = false;  // the client ended first, and nothing was said to it since
  bool close_frame_ = false;
};

}  // namespace postern::relay
