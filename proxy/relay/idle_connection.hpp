#pragma once
// A client connection that waits for its next request without a coroutine: some hundred bytes instead of some
// thousand.

#include "relay/connection_count.hpp"
#include "relay/relay_context.hpp"
#include "transport/lasting_operation.hpp"
#include "transport/peer.hpp"
#include "transport/stream.hpp"

namespace postern::relay {

// Owned by the wait that is under way, and gone with its end.
class IdleConnection final : public transport::Timed {
 public:
  using Wake = void (*)(RelayContext& context, transport::Stream client, const transport::Peer& peer,
                        ConnectionCount count);

  // `client` is not under TLS and holds no bytes that are received already. Its next byte calls `wake`;
  // without one within `at_most` it is closed. `wake` is no argument, which each wait would remember.
  template <Wake wake>
  static void wait(RelayContext& context, transport::Stream client, const transport::Peer& peer,
                   ConnectionCount count, transport::Clock::duration at_most);

  IdleConnection(transport::Socket client, const transport::Peer& peer, ConnectionCount count);

  void on_deadline(transport::DeadlineKind) override { end(); }
  void on_drain() override { arm(transport::DeadlineKind::idle, transport::request_while_draining); }
  void on_cut(transport::Cut) override { end(); }

 private:
  static std::unique_ptr<IdleConnection> begin(RelayContext& context, transport::Stream client,
                                               const transport::Peer& peer, ConnectionCount count,
                                               transport::Clock::duration at_most);
  void end() noexcept;

  ConnectionCount count_;  // given up behind the connection
  transport::Socket client_;
  transport::Peer peer_;
};

template <IdleConnection::Wake wake>
void IdleConnection::wait(RelayContext& context, transport::Stream client, const transport::Peer& peer,
                          ConnectionCount count, transport::Clock::duration at_most) {
  auto idle = begin(context, std::move(client), peer, std::move(count), at_most);
  transport::Socket& socket = idle->client_;
  auto on_readable = [&context, idle = std::move(idle)](const transport::error_code& error) {
    if (error) return;
    wake(context, transport::Stream(std::move(idle->client_)), idle->peer_, std::move(idle->count_));
  };
  socket.async_wait(transport::Socket::wait_read, transport::lasting(std::move(on_readable)));
}

}  // namespace postern::relay
