#pragma once
// What comes before the first request of an accepted connection: the PROXY header, the TLS handshake.

#include "tls/context.hpp"
#include "transport/peer.hpp"
#include "transport/stream.hpp"

namespace postern::transport {

struct AcceptRules {
  bool proxy_protocol = false;  // connections of trusted proxies, and no others, begin with a PROXY header
  const config::TrustedProxies* trusted_proxies = nullptr;
  tls::Context server_tls;  // null: clients speak plain HTTP

  [[nodiscard]] bool apply_to(const Peer& peer) const noexcept {
    return server_tls || (proxy_protocol && peer.is_trusted_proxy());
  }
};

// Reads a PROXY header where `peer` is one that sends it, which changes `peer`, and makes the stream speak
// TLS where the rules have a context. Says what went wrong, in static text; empty: nothing. "gone": the
// client left without a word. Whoever calls has set a deadline.
Awaitable<std::string_view> accept_handshake(Stream& stream, Peer& peer, const AcceptRules& rules);

}  // namespace postern::transport
