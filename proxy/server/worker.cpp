#include "server/worker.hpp"

#include "relay/downstream.hpp"
#include "transport/listener.hpp"

namespace postern::server {

namespace asio = transport::asio;
using relay::ConnectionCount;
using relay::ConnectionCounts;
using transport::Awaitable;
using transport::error_code;
using transport::use_tuple;

namespace {

// Out of descriptors or memory: others may end meanwhile.
constexpr std::chrono::milliseconds accept_pause{100};

// As long as a round trip nearby takes; a client that is farther away may have to connect again.
constexpr std::chrono::milliseconds handshakes_end_within{5};

}  // namespace

Worker::Worker(const relay::Settings& settings, const relay::Keys& keys, observe::Log& log,
               relay::Shared& shared)
    : shared_(shared),
      relay_(context_.get_executor(), settings, keys, log, shared),
      last_handshakes_(context_.get_executor()) {
  relay_.counts.on_fewer = [this] { stop_when_drained(); };
}

void Worker::listen(int descriptor) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size);
  acceptor_.emplace(context_);
  acceptor_->assign(transport::Protocol(address.ss_family, 0), descriptor);
  acceptor_->non_blocking(true);
  // Without its accept loop a worker is of no use: better that the process ends and is started anew.
  asio::co_spawn(context_.get_executor(), accept_loop(), [](const std::exception_ptr& failure) {
    if (failure) std::rethrow_exception(failure);
  });
}

void Worker::run() {
  context_.run();
}

Awaitable<> Worker::accept_loop() {
  // An accept that the drain finds completed, but not yet handled, is still served.
  const ConnectionCount accepting(relay_.counts, &ConnectionCounts::accepting);
  transport::Timer pause(context_);
  while (acceptor_->is_open()) {
    transport::Protocol::endpoint from;
    auto [error, socket] = co_await acceptor_->async_accept(context_.get_executor(), from, use_tuple);
    if (!error) {
      accepted(std::move(socket), from);
    } else if (error == asio::error::operation_aborted) {
      co_return;
    } else if (error != asio::error::connection_aborted) {
      pause.expires_after(accept_pause);
      co_await pause.async_wait(use_tuple);
    }
  }
}

void Worker::accepted(transport::Socket socket, const transport::Protocol::endpoint& from) {
  error_code ignored;
  socket.non_blocking(true, ignored);
  transport::Stream client(std::move(socket));
  client.send_promptly();
  const transport::Peer peer(from, relay_.settings.trusted_proxies);
  if (shared_.connections.fetch_add(1, std::memory_order_relaxed) < relay_.settings.max_connections) {
    relay::serve_connection(relay_, std::move(client), peer,
                            ConnectionCount(relay_.counts, &ConnectionCounts::serving));
    return;
  }
  shared_.connections.fetch_sub(1, std::memory_order_relaxed);
  relay::turn_away(relay_, std::move(client), peer);
}

void Worker::stop_when_drained() {
  if (acceptor_ && acceptor_->is_open()) return;
  if (relay_.counts.empty()) context_.stop();
}

void Worker::begin_drain() {
  // Here and not on the thread: whoever asked for the drain is told next that no connection is taken any
  // more. The handshakes under way may end: closing would reset those connections.
  transport::refuse_new_connections(acceptor_->native_handle());
  asio::post(context_, [this] {
    relay_.deadlines.drain_all();
    last_handshakes_.expires_after(handshakes_end_within);
    last_handshakes_.async_wait([this](const error_code&) { stop_accepting(); });
  });
}

void Worker::stop_accepting() {
  error_code error;
  // Connections that the kernel has already accepted for us are served.
  while (acceptor_->is_open()) {
    transport::Protocol::endpoint from;
    transport::Socket socket(context_.get_executor());
    acceptor_->accept(socket, from, error);
    if (error) break;
    accepted(std::move(socket), from);
  }
  acceptor_->close(error);
  stop_when_drained();
}

void Worker::end_streams() {
  asio::post(context_, [this] { cut_all(transport::Cut::after_farewell); });
}

void Worker::end_now() {
  asio::post(context_, [this] { cut_all(transport::Cut::at_once); });
}

void Worker::cut_all(transport::Cut how) {
  relay_.deadlines.cut_all(how);
  relay_.upstreams.connector().stop_waiting();
}

void Worker::use_keys(const relay::Keys& keys) {
  asio::post(context_, [this, keys] { relay_.use_keys(keys); });
}

void Worker::use_tokens(const std::shared_ptr<const token::Keys>& tokens) {
  asio::post(context_, [this, tokens] { relay_.keys.use_tokens(tokens); });
}

}  // namespace postern::server
