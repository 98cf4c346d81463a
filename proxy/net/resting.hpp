#pragma once
// A client connection that waits for its next request without a coroutine: some hundred bytes instead of some
// thousand.

#include "net/peer.hpp"
#include "net/stream.hpp"
#include "net/worker.hpp"

namespace postern::net {

// Owned by the wait that is under way, and gone with its end.
class Resting final : public Timed {
 public:
  // `client` holds no bytes that are received already. Its next byte makes a session of it again; without one
  // within `at_most` it is closed.
  static void begin(Worker& worker, Stream client, const Peer& peer, Worker::Place place,
                    Clock::duration at_most);

  Resting(Stream client, const Peer& peer, Worker::Place place);

  void on_deadline(Phase) override { client_.cancel(); }
  void on_drain() override { arm(Phase::idle, request_while_draining); }

 private:
  Worker::Place place_;  // given up behind the connection
  Stream client_;
  Peer peer_;
};

}  // namespace postern::net
