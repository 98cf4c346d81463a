#pragma once
// Why what a connection waited for was called off.

#include <cstdint>

namespace postern::relay {

enum class Interruption : std::uint8_t {
  none,
  idle_timeout,      // no request came
  head_timeout,      // no whole head
  connect_timeout,   // the upstream takes no connection
  upload_timeout,    // it takes no more of a request
  response_timeout,  // it does not answer
  stream_timeout,    // a body or a websocket fell silent
  token_expired,     // POSTERN_CLOSE_AT_EXPIRY
  linger_timeout,    // the peer does not end its side
  drained,           // the process ends
  key_timeout,       // no key set came
  client_left,       // the client ended its side while it was owed something
};

}  // namespace postern::relay
