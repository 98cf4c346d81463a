#include "net/worker.hpp"

#include <array>
#include <ctime>
#include <utility>

#include "gate/answer.hpp"
#include "net/listener.hpp"
#include "net/opening.hpp"
#include "net/resting.hpp"
#include "net/session.hpp"
#include "net/timed_stream.hpp"

namespace postern::net {
namespace {

// Out of descriptors or memory: others may end meanwhile.
constexpr std::chrono::milliseconds accept_pause{100};

// As long as a round trip nearby takes; who is farther away may have to connect again.
constexpr std::chrono::milliseconds handshakes_end_within{5};

// Connections over the limit that hear 503 at a time; more than these are closed unheard.
constexpr std::size_t most_turning_away = 256;

}  // namespace

Worker::Worker(const Settings& given, const Keys& keys, observe::Log& log, Shared& shared)
    : settings(given),
      verifier(keys.tokens, given.claims, given.token_cache),
      deadlines(context_.get_executor()),
      workspaces(given.max_header_bytes),
      upstreams(context_.get_executor(), deadlines, given.upstream, keys.client_tls,
                given.upstream_idle_timeout),
      shared_(shared),
      log_(log),
      records_(log.add_queue()),
      last_handshakes_(context_.get_executor()),
      server_tls_(keys.server_tls) {
  use_identity_key(*keys.identity);
}

void Worker::listen(int descriptor) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size);
  acceptor_.emplace(context_);
  acceptor_->assign(Protocol(address.ss_family, 0), descriptor);
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
  // An accept that the drain finds completed, but not yet handled, still becomes a session.
  const Place place(*this, accepting_, nullptr);
  Timer pause(context_);
  while (acceptor_->is_open()) {
    Protocol::endpoint from;
    auto [error, socket] = co_await acceptor_->async_accept(executor(), from, use_tuple);
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

void Worker::accepted(Socket socket, const Protocol::endpoint& from) {
  error_code ignored;
  socket.non_blocking(true, ignored);
  Stream stream(std::move(socket));
  stream.send_promptly();
  const Peer peer(from, settings.trusted_proxies);
  if (shared_.connections.fetch_add(1, std::memory_order_relaxed) < settings.max_connections) {
    begin(std::move(stream), peer, Place(*this, serving_, &shared_.connections));
    return;
  }
  shared_.connections.fetch_sub(1, std::memory_order_relaxed);
  if (turning_away_ < most_turning_away) {
    spawn(turn_away(std::move(stream), peer));
  }
}

// Who connects has something to ask, and is waited for no longer than for a head. Where the connection itself
// begins with something to read, a session does that.
void Worker::begin(Stream stream, const Peer& peer, Place place) {
  const bool to_be_opened = server_tls_ || (settings.proxy_protocol && peer.is_trusted_proxy());
  if (!to_be_opened) {
    const Clock::duration at_most = draining() ? request_while_draining : settings.header_timeout;
    Resting::begin(*this, std::move(stream), peer, std::move(place),
                   std::min<Clock::duration>(at_most, settings.idle_timeout));
    return;
  }
  spawn(serve(std::move(stream), peer, std::move(place), false));
}

void Worker::wake(Stream stream, const Peer& peer, Place place) {
  spawn(serve(std::move(stream), peer, std::move(place), true));
}

void Worker::spawn(Awaitable<> task) {
  asio::co_spawn(context_.get_executor(), std::move(task),
                 [this](const std::exception_ptr& failure) { report(failure); });
}

Awaitable<> Worker::serve(Stream stream, Peer peer, Place place, bool opened) {
  const Place awake(*this, awake_, nullptr);
  Session session(*this, std::move(stream), peer);
  const std::optional<Clock::duration> rest = co_await session.run(opened);
  if (rest) Resting::begin(*this, std::move(session.client), session.peer, std::move(place), *rest);
}

// 503 at once; what the client sends is not read but for the moment it needs to see the answer.
Awaitable<> Worker::turn_away(Stream stream, Peer peer) {
  const Place place(*this, turning_away_, nullptr);
  TimedStream away(std::move(stream));
  deadlines.add(away);
  away.arm(Phase::linger, std::chrono::seconds(1));
  const std::string_view problem = co_await open_connection(away.stream, peer, settings, server_tls_);
  if (!problem.empty()) co_return;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  std::string text;
  gate::AnswerContext context;
  context.keep_alive = false;
  context.cors_origins = &settings.cors_origins;
  // Its Origin is not read; where only one may read the answer, it is for that one.
  if (settings.cors_origins.size() == 1) context.origin = settings.cors_origins.front();
  context.date = date(std::chrono::duration_cast<std::chrono::seconds>(now).count());
  gate::write_answer(text, gate::Answer::overloaded, context);
  std::array<asio::const_buffer, 1> whole = {asio::buffer(text)};
  error_code error = co_await away.stream.write_all(whole);
  co_await away.stream.finish_sending();
  std::array<char, 1024> scrap;
  while (!error) {
    std::tie(error, std::ignore) = co_await away.stream.read_some(scrap);
  }
}

// Out of memory or a mistake of ours: that connection is lost, and somebody should know.
void Worker::report(const std::exception_ptr& failure) {
  if (!failure) return;
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    log_.event(observe::Level::error, "connection failed", {{"problem", error.what()}});
  }
}

Worker::Place::Place(Worker& worker, std::size_t& count, std::atomic<std::size_t>* shared) noexcept
    : worker_(&worker), count_(count), shared_(shared) {
  ++count_;
}

Worker::Place::Place(Place&& other) noexcept
    : worker_(std::exchange(other.worker_, nullptr)), count_(other.count_), shared_(other.shared_) {}

Worker::Place::~Place() {
  if (worker_ == nullptr) return;
  --count_;
  if (shared_ != nullptr) shared_->fetch_sub(1, std::memory_order_relaxed);
  worker_->stop_when_drained();
}

void Worker::stop_when_drained() {
  if (acceptor_ && acceptor_->is_open()) return;
  if (accepting_ == 0 && serving_ == 0 && turning_away_ == 0) context_.stop();
}

void Worker::begin_drain() {
  asio::post(context_, [this] {
    deadlines.drain_all();
    // The handshakes under way may end: closing would reset those connections.
    refuse_new_connections(acceptor_->native_handle());
    last_handshakes_.expires_after(handshakes_end_within);
    last_handshakes_.async_wait([this](const error_code&) { stop_accepting(); });
  });
}

void Worker::stop_accepting() {
  error_code error;
  // Connections that the kernel has already accepted for us are served.
  while (acceptor_->is_open()) {
    Protocol::endpoint from;
    Socket socket(context_.get_executor());
    acceptor_->accept(socket, from, error);
    if (error) break;
    accepted(std::move(socket), from);
  }
  acceptor_->close(error);
  stop_when_drained();
}

void Worker::end_streams() {
  asio::post(context_, [this] { end_all(Phase::drained); });
}

void Worker::end_now() {
  asio::post(context_, [this] { end_all(Phase::linger); });
}

void Worker::end_all(Phase how) {
  deadlines.end_all(how);
  upstreams.stop_waiting();
}

void Worker::use_keys(const Keys& keys) {
  asio::post(context_, [this, keys] {
    verifier.use(keys.tokens);
    use_identity_key(*keys.identity);
    server_tls_ = keys.server_tls;
    upstreams.use_context(keys.client_tls);
  });
}

void Worker::use_identity_key(const token::SharedSecrets& key) {
  identity_signer.reset();
  if (!key.all().empty()) identity_signer.emplace(key.all().front());
}

void Worker::note_refused_connection(const Peer& peer, std::string_view problem) {
  log_.event(observe::Level::debug, "connection refused", {{"peer", peer.address()}, {"problem", problem}});
}

std::string_view Worker::date(std::int64_t unix_seconds) {
  if (unix_seconds == date_second_) return date_;
  const std::time_t seconds = unix_seconds;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 64> text;
  // The C locale is in force: main never sets another.
  date_.assign(text.data(), std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &utc));
  date_second_ = unix_seconds;
  return date_;
}

void Worker::record(const observe::AccessRecord& record) noexcept {
  if (!log_.wants_access()) return;
  records_.push(record);
  log_.wake();
}

}  // namespace postern::net
