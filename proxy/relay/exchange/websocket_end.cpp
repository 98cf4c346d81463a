#include "relay/exchange/websocket_end.hpp"

namespace postern::relay {

void WebSocketStory::on(WebSocketEvent event) noexcept {
  switch (event) {
    case WebSocketEvent::client_ended:
      client_ended_ = true;
      unanswered_ = !upstream_ended_;
      break;
    case WebSocketEvent::upstream_ended:
      upstream_ended_ = true;
      break;
    case WebSocketEvent::upstream_spoke:
      unanswered_ = false;
      break;
    case WebSocketEvent::close_frame:
      close_frame_ = true;
      break;
    case WebSocketEvent::client_failed:
      if (!failed()) end_ = WebSocketEnd::client_gone;
      break;
    case WebSocketEvent::upstream_failed:
      // An upstream that is cut off because the client has left did not fail.
      if (!failed()) end_ = client_ended_ ? WebSocketEnd::client_gone : WebSocketEnd::upstream_gone;
      break;
  }
}

WebSocketEnd WebSocketStory::end() const noexcept {
  if (failed()) return end_;
  return unanswered_ && !close_frame_ ? WebSocketEnd::client_gone : WebSocketEnd::closed;
}

}  // namespace postern::relay
