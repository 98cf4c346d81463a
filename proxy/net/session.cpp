#include "net/session.hpp"

#include <algorithm>

#include "net/opening.hpp"
#include "net/tunnel.hpp"

namespace postern::net {
namespace {

constexpr std::chrono::seconds linger_at_most{2};
// Whoever asks again sooner finds everything as it was.
constexpr std::chrono::seconds rest_after{1};

}  // namespace

Session::Session(Worker& owner, Stream stream, Peer from)
    : worker(owner), client(std::move(stream)), upstream(owner.executor()), peer(from) {
  worker.deadlines.add(*this);
}

Session::~Session() {
  if (workspace) worker.workspaces.give_back(std::move(workspace));
}

void Session::wait_at_most(Phase phase, Clock::duration duration) noexcept {
  expired_ = Phase::none;
  if (phase == Phase::stream && streams_end_) {
    const auto left = *streams_end_ - Clock::now();
    if (left < duration) {
      arm(Phase::token, left);
      return;
    }
  }
  arm(phase, duration);
}

void Session::end_streams_at(std::int64_t unix_seconds) noexcept {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  // Far beyond any stream's life; keeps the sum below the clock's range.
  const auto at = std::chrono::seconds(std::min<std::int64_t>(unix_seconds, 1LL << 33));
  streams_end_ = Clock::now() + (at - now);
}

// Cancelled operations end with an error, and the coroutine sees in expired() why. Which side is cancelled
// decides what can still be said to the client.
void Session::on_deadline(Phase phase) {
  if (tunnel != nullptr && phase == Phase::token) return tunnel->say_goodbye(Goodbye::policy_violation);
  if (tunnel != nullptr && phase == Phase::drained) return tunnel->say_goodbye(Goodbye::going_away);
  expired_ = phase;
  switch (phase) {
    case Phase::none:
      break;
    case Phase::idle:
    case Phase::head:
      client.cancel();
      break;
    case Phase::connect:
    case Phase::response:
      upstream.close();
      break;
    case Phase::stream:
    case Phase::token:
    case Phase::linger:
    case Phase::drained:
      client.cancel();
      upstream.close();
      break;
  }
}

void Session::on_drain() {
  // Its next request may be on the way: it is answered, and hears that the connection ends.
  if (idle_) wait_at_most(Phase::idle, request_while_draining);
}

Awaitable<std::optional<Clock::duration>> Session::run(bool opened) {
  bool readable = opened;
  Clock::duration idle_at_most = worker.settings.idle_timeout;
  if (!opened) {
    opened = co_await open();
    if (!opened) co_return std::nullopt;
    idle_at_most = std::min<Clock::duration>(idle_at_most, worker.settings.header_timeout);
  }
  After after = After::keep;
  while (after == After::keep) {
    if (!workspace || workspace->from_client.size() == 0) {
      if (workspace && worker.workspaces.is_scarce()) worker.workspaces.give_back(std::move(workspace));
      if (!readable && may_rest() && worker.is_crowded()) co_return idle_at_most;
      if (!readable) {
        begin_to_wait(idle_at_most);
        if (workspace) {
          // In one step with the wait: who asks again soon costs one event and one system call less.
          const auto [error, count] = co_await client.read_some(workspace->from_client.room());
          workspace->from_client.filled(count);
          readable = !error;
        } else {
          const auto [error] = co_await client.wait_readable();
          readable = !error;
        }
        idle_ = false;
      }
      if (!readable && expired() == Phase::idle && may_rest() && idle_at_most > rest_after) {
        if (workspace) worker.workspaces.retire(std::move(workspace));
        co_return idle_at_most - rest_after;
      }
      if (!readable) break;
      readable = false;
      idle_at_most = worker.settings.idle_timeout;
      if (!workspace) workspace = worker.workspaces.borrow();
    }
    after = co_await serve_request();
  }
  if (after == After::linger) co_await linger();
  co_return std::nullopt;
}

// What TLS has decrypted already would not wake it.
bool Session::may_rest() const noexcept {
  return !client.is_encrypted() && !worker.draining();
}

Awaitable<bool> Session::open() {
  wait_at_most(Phase::head, worker.settings.header_timeout);
  const std::string_view problem =
      co_await open_connection(client, peer, worker.settings, worker.server_tls());
  if (!problem.empty() && problem != "gone") worker.note_refused_connection(peer, problem);
  co_return problem.empty();
}

void Session::begin_to_wait(Clock::duration at_most) noexcept {
  if (may_rest()) at_most = std::min<Clock::duration>(at_most, rest_after);
  if (worker.draining()) at_most = std::min<Clock::duration>(at_most, request_while_draining);
  wait_at_most(Phase::idle, at_most);
  if (workspace) workspace->from_client.rewind();
  idle_ = true;
}

// Closing with unread bytes would send a reset, and the client might never read the answer (RFC 9112 9.6).
Awaitable<> Session::linger() {
  error_code error;
  wait_at_most(Phase::stream, worker.settings.stream_idle_timeout);
  co_await client.finish_sending();
  if (expired() != Phase::none) co_return;
  wait_at_most(Phase::linger, linger_at_most);
  Buffer& scrap = workspace->from_client;
  while (!error) {
    scrap.clear();
    std::tie(error, std::ignore) = co_await client.read_some(scrap.room());
  }
}

}  // namespace postern::net
