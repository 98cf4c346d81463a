#pragma once
// Everything that one thread owns. Workers share nothing but immutable settings and a few counters: no lock
// is taken on the way of a request.

#include <atomic>
#include <memory>
#include <string>

#include "gate/identity_signer.hpp"
#include "net/asio.hpp"
#include "net/deadline.hpp"
#include "net/peer.hpp"
#include "net/request_id.hpp"
#include "net/settings.hpp"
#include "net/upstream_pool.hpp"
#include "net/workspace.hpp"
#include "observe/log.hpp"
#include "token/verifier.hpp"

namespace postern::net {

// What all workers count together.
struct Shared {
  std::atomic<std::size_t> connections{0};  // served, not those turned away
  std::atomic<bool> draining{false};
};

class Worker {
  // Its sockets are used on its own thread alone, so they need no locks. Before all that runs on it.
  asio::io_context context_{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO};

 public:
  // `log` and `shared` outlive the worker.
  Worker(const Settings& settings, const Keys& keys, observe::Log& log, Shared& shared);

  // Takes over a listening descriptor; then run() serves until drained.
  void listen(int descriptor);
  void run();

  // From any thread.
  void begin_drain();  // no new connections, idle ones end, run() returns when the last request is done
  void end_streams();  // what is still under way is cut, websockets after a close frame
  void end_now();      // without one
  void use_keys(const Keys& keys);

  // On the worker's own thread, for its sessions.
  [[nodiscard]] Executor executor() { return context_.get_executor(); }
  [[nodiscard]] bool draining() const noexcept { return shared_.draining.load(std::memory_order_relaxed); }
  // The time for a Date field; made once a second.
  std::string_view date(std::int64_t unix_seconds);
  void record(const observe::AccessRecord& record) noexcept;
  [[nodiscard]] const tls::Context& server_tls() const noexcept { return server_tls_; }
  // No request came of it: not let in, or no TLS.
  void note_refused_connection(const Peer& peer, std::string_view problem);

  // A connection or a task that is counted for as long as somebody has this.
  class Place {
   public:
    // `shared` is counted down only: whoever asks for the place has counted itself in.
    Place(Worker& worker, std::size_t& count, std::atomic<std::size_t>* shared) noexcept;
    Place(Place&& other) noexcept;
    Place& operator=(Place&&) = delete;
    ~Place();

   private:
    Worker* worker_;
    std::size_t& count_;
    std::atomic<std::size_t>* shared_;
  };
  // A connection that rested has something to read.
  void wake(Stream stream, const Peer& peer, Place place);
  // So many connections are awake that a further one should rest as soon as it can.
  [[nodiscard]] bool is_crowded() const noexcept { return awake_ > most_awake; }

  const Settings& settings;
  token::Verifier verifier;
  std::optional<gate::IdentitySigner> identity_signer;  // with POSTERN_IDENTITY_KEY
  Deadlines deadlines;
  WorkspacePool workspaces;
  UpstreamPool upstreams;
  RequestIds request_ids;

 private:
  static constexpr std::size_t most_awake = 64;

  void use_identity_key(const token::SharedSecrets& key);
  Awaitable<> accept_loop();
  void accepted(Socket socket, const Protocol::endpoint& from);
  void begin(Stream stream, const Peer& peer, Place place);
  void spawn(Awaitable<> task);
  Awaitable<> serve(Stream stream, Peer peer, Place place, bool opened);
  Awaitable<> turn_away(Stream stream, Peer peer);
  void report(const std::exception_ptr& failure);
  void stop_accepting();
  void stop_when_drained();
  void end_all(Phase how);

  Shared& shared_;
  observe::Log& log_;
  observe::RecordQueue& records_;
  Timer last_handshakes_;
  tls::Context server_tls_;
  std::optional<Acceptor> acceptor_;
  std::size_t accepting_ = 0;
  std::size_t serving_ = 0;
  std::size_t awake_ = 0;
  std::size_t turning_away_ = 0;
  std::int64_t date_second_ = -1;
  std::string date_;
};

}  // namespace postern::net
