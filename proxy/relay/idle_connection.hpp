#pragma once
// A client connection that waits for its next request without a coroutine: some hundred bytes instead of some
// thousand.

#include "relay/connection_count.hpp"
#include "relay/relay_context.hpp"
#include "transport/peer.hpp"
#include "transport/stream.hpp"

namespace postern::relay {

// Owned by the wait that is under way, and gone with its end.
class IdleConnection final : public transport::Timed {
 public:
  using Wake = void (*)(RelayContext& context, transport::Stream client, const transport::Peer& peer,
                        ConnectionCount count);

  // `client` holds no bytes that are received already. Its next byte calls `wake`; without one within
  // `at_most` it is closed.
  static void wait(RelayContext& context, transport::Stream client, const transport::Peer& peer,
                   ConnectionCount count, transport::Clock::duration at_most, Wake wake);

  IdleConnection(transport::Stream client, const transport::Peer& peer, ConnectionCount count);

  void on_deadline(transport::DeadlineKind) override { client_.cancel(); }
  void on_drain() override { arm(transport::DeadlineKind::idle, transport::request_while_draining); }
  void on_cut(transport::Cut) override { client_.cancel(); }

 private:
  ConnectionCount count_;  // given up behind the connection
  transport::Stream client_;
  transport::Peer peer_;
};

}  // namespace postern::relay
