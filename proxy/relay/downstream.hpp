#pragma once
// The life of a client's connection, from accept to its end.

#include "relay/connection_count.hpp"
#include "relay/relay_context.hpp"
#include "transport/peer.hpp"
#include "transport/stream.hpp"

namespace postern::relay {

// Serves it until it ends; `count` counts it for as long.
void serve_connection(RelayContext& context, transport::Stream client, const transport::Peer& peer,
                      ConnectionCount count);

// 503 at once; what the client sends is not read but for the moment it needs to see the answer. Of many such
// connections at a time the last ones are closed unheard.
void turn_away(RelayContext& context, transport::Stream client, const transport::Peer& peer);

}  // namespace postern::relay
