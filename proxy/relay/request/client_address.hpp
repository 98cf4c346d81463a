#pragma once
// Whose request it is: the address that the log names and that failures are counted for.

#include "config/config.hpp"
#include "http/message.hpp"
#include "transport/peer.hpp"

namespace postern::relay {

// The last address in X-Forwarded-For that no trusted proxy has, where `peer` is a trusted proxy; else
// `peer`. What stands before an entry that is no address is nobody's word.
transport::Peer client_of(const http::RequestHead& head, const transport::Peer& peer,
                          const config::TrustedProxies& trusted_proxies);

}  // namespace postern::relay
