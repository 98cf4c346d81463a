#pragma once
// One thread of the server: its event loop, its listening socket and what its connections share.

#include <optional>

#include "relay/relay_context.hpp"
#include "transport/asio.hpp"

namespace postern::server {

class Worker {
  // Its sockets are used on its own thread alone, so they need no locks. Before all that runs on it.
  transport::asio::io_context context_{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO};

 public:
  // `settings`, `log` and `shared` outlive the worker.
  Worker(const relay::Settings& settings, const relay::Keys& keys, observe::Log& log, relay::Shared& shared);

  // Takes over a listening descriptor; then run() serves until drained.
  void listen(int descriptor);
  void run();

  // From any thread.
  void begin_drain();  // no new connections, idle ones end, run() returns when the last request is done
  void end_streams();  // what is still under way is cut, websockets after a close frame
  void end_now();      // without one
  void use_keys(const relay::Keys& keys);
  void use_tokens(const std::shared_ptr<const token::Keys>& tokens);

 private:
  transport::Awaitable<> accept_loop();
  void accepted(transport::Socket socket, const transport::Protocol::endpoint& from);
  void stop_accepting();
  void stop_when_drained();
  void cut_all(transport::Cut how);

  relay::Shared& shared_;
  relay::RelayContext relay_;
  transport::Timer last_handshakes_;
  std::optional<transport::Acceptor> acceptor_;
};

}  // namespace postern::server
