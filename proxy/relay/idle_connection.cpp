#include "relay/idle_connection.hpp"

namespace postern::relay {

IdleConnection::IdleConnection(transport::Stream client, const transport::Peer& peer, ConnectionCount count)
    : count_(std::move(count)), client_(std::move(client)), peer_(peer) {}

void IdleConnection::wait(RelayContext& context, transport::Stream client, const transport::Peer& peer,
                          ConnectionCount count, transport::Clock::duration at_most, Wake wake) {
  auto idle = std::make_unique<IdleConnection>(std::move(client), peer, std::move(count));
  context.deadlines.add(*idle);
  idle->arm(transport::DeadlineKind::idle, at_most);
  transport::Socket& socket = idle->client_.socket();
  socket.async_wait(transport::Socket::wait_read,
                    [&context, wake, idle = std::move(idle)](const transport::error_code& error) {
                      if (!error)
                        wake(context, std::move(idle->client_), idle->peer_, std::move(idle->count_));
                    });
}

}  // namespace postern::relay
