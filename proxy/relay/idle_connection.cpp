#include "relay/idle_connection.hpp"

namespace postern::relay {

IdleConnection::IdleConnection(transport::Socket client, const transport::Peer& peer, ConnectionCount count)
    : count_(std::move(count)), client_(std::move(client)), peer_(peer) {}

std::unique_ptr<IdleConnection> IdleConnection::begin(RelayContext& context, transport::Stream client,
                                                      const transport::Peer& peer, ConnectionCount count,
                                                      transport::Clock::duration at_most) {
  auto idle = std::make_unique<IdleConnection>(std::move(client.socket()), peer, std::move(count));
  context.deadlines.add(*idle);
  idle->arm(transport::DeadlineKind::idle, at_most);
  return idle;
}

void IdleConnection::end() noexcept {
  transport::error_code ignored;
  client_.cancel(ignored);
}

}  // namespace postern::relay
