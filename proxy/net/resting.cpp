#include "net/resting.hpp"

namespace postern::net {

Resting::Resting(Stream client, const Peer& peer, Worker::Place place)
    : place_(std::move(place)), client_(std::move(client)), peer_(peer) {}

void Resting::begin(Worker& worker, Stream client, const Peer& peer, Worker::Place place,
                    Clock::duration at_most) {
  auto resting = std::make_unique<Resting>(std::move(client), peer, std::move(place));
  worker.deadlines.add(*resting);
  resting->arm(Phase::idle, at_most);
  Socket& socket = resting->client_.socket();
  socket.async_wait(Socket::wait_read, [&worker, resting = std::move(resting)](const error_code& error) {
    if (!error) worker.wake(std::move(resting->client_), resting->peer_, std::move(resting->place_));
  });
}

}  // namespace postern::net
