#include "relay/downstream.hpp"

#include <algorithm>
#include <array>

#include "gate/answer.hpp"
#include "relay/client_connection.hpp"
#include "relay/idle_connection.hpp"
#include "relay/request/request_cycle.hpp"
#include "transport/accept_handshake.hpp"
#include "transport/timed_stream.hpp"

namespace postern::relay {
namespace {

using transport::Awaitable;
using transport::Clock;
using transport::DeadlineKind;
using transport::error_code;
using transport::Peer;
using transport::Stream;

constexpr std::chrono::seconds linger_at_most{2};
// A client that asks again sooner finds everything as it was.
constexpr std::chrono::seconds sleep_after{1};
// Connections over the limit that hear 503 at a time; more than these are closed unheard.
constexpr std::size_t most_turning_away = 256;

enum class State : std::uint8_t {
  handshake,  // PROXY header, TLS
  idle,       // waits for a request
  asleep,     // the same without a coroutine
  request,    // the first byte of one is here
  lingering,  // our last answer is out, and the client reads it
  closed,
};

State state_after(ClientFate fate) noexcept {
  switch (fate) {
    case ClientFate::keep:
      return State::idle;
    case ClientFate::linger:
      return State::lingering;
    case ClientFate::close:
    case ClientFate::reset:
      break;
  }
  return State::closed;
}

class Downstream {
 public:
  Downstream(RelayContext& context, Stream client, const Peer& peer)
      : connection_(context, std::move(client), peer), idle_at_most_(context.settings.idle_timeout) {}

  // From `state` on until the connection is closed or falls asleep, which takes `count` along.
  Awaitable<> live(State state, ConnectionCount& count);

 private:
  Awaitable<bool> shake_hands();
  [[nodiscard]] bool has_next_request() noexcept;
  [[nodiscard]] bool may_sleep() const noexcept;
  void begin_to_wait() noexcept;
  State state_after_wait(bool readable);
  Awaitable<> linger();

  ClientConnection connection_;
  Clock::duration idle_at_most_;
};

Awaitable<> run(RelayContext& context, Stream client, Peer peer, ConnectionCount count, State state) {
  const ConnectionCount awake(context.counts, &ConnectionCounts::awake);
  Downstream downstream(context, std::move(client), peer);
  co_await downstream.live(state, count);
}

void wake(RelayContext& context, Stream client, const Peer& peer, ConnectionCount count) {
  context.spawn(run(context, std::move(client), peer, std::move(count), State::request));
}

Awaitable<> Downstream::live(State state, ConnectionCount& count) {
  RelayContext& context = connection_.context;
  while (state != State::closed) {
    switch (state) {
      case State::handshake: {
        const bool done = co_await shake_hands();
        state = done ? State::idle : State::closed;
        break;
      }
      case State::idle: {
        if (has_next_request()) {
          state = State::request;
          break;
        }
        if (may_sleep() && context.is_crowded()) {
          state = State::asleep;
          break;
        }
        begin_to_wait();
        bool readable = false;
        if (connection_.buffers) {
          // In one step with the wait: a client that asks again soon costs one event and two system calls
          // less.
          Buffer& from = connection_.buffers->from_client;
          transport::ReadResult result;
          if (connection_.client.is_encrypted()) {
            result = co_await connection_.client.read_some(from.room());
          } else {
            result = co_await connection_.client.read_awaited(from.room());
          }
          const auto [error, bytes] = result;
          from.filled(bytes);
          readable = !error;
        } else {
          const auto [error] = co_await connection_.client.wait_readable();
          readable = !error;
        }
        state = state_after_wait(readable);
        break;
      }
      case State::request: {
        idle_at_most_ = context.settings.idle_timeout;
        if (!connection_.buffers) connection_.buffers = context.buffers.borrow();
        const ClientFate fate = co_await serve_request(connection_);
        if (fate == ClientFate::reset) connection_.client.reset_on_close();
        state = state_after(fate);
        break;
      }
      case State::lingering:
        co_await linger();
        state = State::closed;
        break;
      case State::asleep:
        IdleConnection::wait<wake>(context, std::move(connection_.client), connection_.peer, std::move(count),
                                   idle_at_most_);
        co_return;
      case State::closed:
        break;
    }
  }
}

Awaitable<bool> Downstream::shake_hands() {
  RelayContext& context = connection_.context;
  connection_.wait_at_most(DeadlineKind::head, context.settings.header_timeout);
  const std::string_view problem =
      co_await transport::accept_handshake(connection_.client, connection_.peer, context.accept_rules);
  if (!problem.empty() && problem != "gone") context.log.refused_connection(connection_.peer, problem);
  // A new connection waits for its first request no longer than for a head.
  idle_at_most_ = std::min<Clock::duration>(idle_at_most_, context.settings.header_timeout);
  co_return problem.empty();
}

// Pipelined behind the one before.
bool Downstream::has_next_request() noexcept {
  if (!connection_.buffers) return false;
  if (connection_.buffers->from_client.size() != 0) return true;
  RequestBuffersPool& pool = connection_.context.buffers;
  if (pool.is_scarce()) pool.give_back(std::move(connection_.buffers));
  return false;
}

// What TLS has decrypted already would not wake it.
bool Downstream::may_sleep() const noexcept {
  return !connection_.client.is_encrypted() && !connection_.context.draining();
}

void Downstream::begin_to_wait() noexcept {
  Clock::duration at_most = idle_at_most_;
  if (may_sleep()) at_most = std::min<Clock::duration>(at_most, sleep_after);
  if (connection_.context.draining()) {
    at_most = std::min<Clock::duration>(at_most, transport::request_while_draining);
  }
  connection_.forget_interruption();
  connection_.wait_at_most(DeadlineKind::idle, at_most);
  if (connection_.buffers) connection_.buffers->from_client.rewind();
  connection_.idle = true;
}

State Downstream::state_after_wait(bool readable) {
  connection_.idle = false;
  if (readable) return State::request;
  const bool quiet = connection_.interrupted() == Interruption::idle_timeout;
  if (!quiet || !may_sleep() || idle_at_most_ <= sleep_after) return State::closed;
  if (connection_.buffers) connection_.context.buffers.retire(std::move(connection_.buffers));
  idle_at_most_ -= sleep_after;
  return State::asleep;
}

// Closing with unread bytes would send a reset, and the client might never read the answer (RFC 9112 9.6).
Awaitable<> Downstream::linger() {
  error_code error;
  connection_.forget_interruption();
  connection_.wait_at_most(DeadlineKind::stream, connection_.context.settings.stream_idle_timeout);
  co_await connection_.client.finish_sending();
  if (connection_.interrupted() != Interruption::none) co_return;
  connection_.wait_at_most(DeadlineKind::linger, linger_at_most);
  Buffer& scrap = connection_.buffers->from_client;
  // A client that never stops sending is never waited for, and so nothing is there to be cancelled.
  while (!error && connection_.interrupted() == Interruption::none) {
    scrap.clear();
    std::tie(error, std::ignore) = co_await connection_.client.read_some(scrap.room());
  }
}

Awaitable<> answer_overload(RelayContext& context, Stream client, Peer peer) {
  const ConnectionCount count(context.counts, &ConnectionCounts::turning_away);
  transport::TimedStream away(std::move(client));
  context.deadlines.add(away);
  away.arm(DeadlineKind::linger, std::chrono::seconds(1));
  const std::string_view problem =
      co_await transport::accept_handshake(away.stream, peer, context.accept_rules);
  if (!problem.empty()) co_return;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  std::string text;
  gate::AnswerContext answer;
  answer.keep_alive = false;
  answer.cors_origins = &context.settings.cors_origins;
  // Its Origin is not read; where only one may read the answer, it is for that one.
  if (context.settings.cors_origins.size() == 1) answer.origin = context.settings.cors_origins.front();
  answer.date = context.date.at(std::chrono::duration_cast<std::chrono::seconds>(now).count());
  gate::write_answer(text, gate::Answer::overloaded, answer);
  std::array<transport::asio::const_buffer, 1> whole = {transport::asio::buffer(text)};
  observe::CountedRequest refused;
  refused.verdict = observe::CountedVerdict::refuse;
  refused.status = gate::status_of(gate::Answer::overloaded);
  context.metrics.count(refused);
  context.metrics.count_refusal(refused.verdict, "too many connections");
  error_code error = co_await away.stream.write_all(whole);
  co_await away.stream.finish_sending();
  std::array<char, 1024> scrap;
  while (!error) {
    std::tie(error, std::ignore) = co_await away.stream.read_some(scrap);
  }
}

}  // namespace

void serve_connection(RelayContext& context, Stream client, const Peer& peer, ConnectionCount count) {
  if (context.accept_rules.apply_to(peer)) {
    context.spawn(run(context, std::move(client), peer, std::move(count), State::handshake));
    return;
  }
  const Clock::duration at_most =
      context.draining() ? transport::request_while_draining : context.settings.header_timeout;
  IdleConnection::wait<wake>(context, std::move(client), peer, std::move(count),
                             std::min<Clock::duration>(at_most, context.settings.idle_timeout));
}

void turn_away(RelayContext& context, Stream client, const Peer& peer) {
  if (context.counts.turning_away == most_turning_away) return;
  context.spawn(answer_overload(context, std::move(client), peer));
}

}  // namespace postern::relay
