#pragma once
// What comes before the first request of an accepted connection: the PROXY header, the TLS handshake.

#include "net/peer.hpp"
#include "net/settings.hpp"
#include "net/stream.hpp"

namespace postern::net {

// Reads a PROXY header where `peer` is one that sends it, which changes `peer`, and makes the stream speak
// TLS where `server_tls` is given. Says what went wrong, in static text; empty: nothing. "gone": the client
// left without a word. Whoever calls has set a deadline.
Awaitable<std::string_view> open_connection(Stream& stream, Peer& peer, const Settings& settings,
                                            const tls::Context& server_tls);

}  // namespace postern::net
