#include "relay/client_connection.hpp"

#include <algorithm>

#include "token/base64url.hpp"

namespace postern::relay {

using transport::Clock;
using transport::DeadlineKind;

namespace {

Interruption interruption_by(DeadlineKind kind) noexcept {
  switch (kind) {
    case DeadlineKind::none:
    case DeadlineKind::quiet:
      return Interruption::none;
    case DeadlineKind::idle:
      return Interruption::idle_timeout;
    case DeadlineKind::head:
      return Interruption::head_timeout;
    case DeadlineKind::connect:
      return Interruption::connect_timeout;
    case DeadlineKind::upload:
      return Interruption::upload_timeout;
    case DeadlineKind::response:
      return Interruption::response_timeout;
    case DeadlineKind::stream:
      return Interruption::stream_timeout;
    case DeadlineKind::token:
      return Interruption::token_expired;
    case DeadlineKind::linger:
      return Interruption::linger_timeout;
    case DeadlineKind::key:
      return Interruption::key_timeout;
  }
  return Interruption::none;
}

// Bytes of a body or a websocket are waited for, which end with the token where the settings ask for that.
bool moves_stream(DeadlineKind kind) noexcept {
  return kind == DeadlineKind::stream || kind == DeadlineKind::upload || kind == DeadlineKind::quiet;
}

}  // namespace

ClientConnection::ClientConnection(RelayContext& owner, transport::Stream stream, const transport::Peer& from)
    : context(owner), client(std::move(stream)), peer(from) {
  context.deadlines.add(*this);
}

ClientConnection::~ClientConnection() {
  if (buffers) context.buffers.give_back(std::move(buffers));
}

void ClientConnection::wait_at_most(DeadlineKind kind, Clock::duration duration) noexcept {
  // The next address may take the connection. What ends an exchange stays known until its end.
  if (interruption_ == Interruption::connect_timeout) interruption_ = Interruption::none;
  waiting_for_ = kind;
  if (moves_stream(kind) && streams_end_) {
    const auto left = *streams_end_ - Clock::now();
    if (left < duration) return arm(DeadlineKind::token, left);
  }
  arm(kind, duration);
}

void ClientConnection::wait(Patience patience) noexcept {
  switch (patience) {
    case Patience::none:
      return;
    case Patience::upload:
      return wait_at_most(DeadlineKind::upload, context.settings.response_timeout);
    case Patience::response:
      return wait_at_most(DeadlineKind::response, context.settings.response_timeout);
    case Patience::stream:
      return wait_at_most(DeadlineKind::stream, context.settings.stream_idle_timeout);
  }
}

void ClientConnection::end_streams_at(std::int64_t unix_seconds) noexcept {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  // Far beyond any stream's life; keeps the sum below the clock's range.
  const auto at = std::chrono::seconds(std::min<std::int64_t>(unix_seconds, 1LL << 33));
  streams_end_ = Clock::now() + (at - now);
}

void ClientConnection::end_streams_now() noexcept {
  streams_end_ = Clock::now();
  if (moves_stream(waiting_for_)) arm(DeadlineKind::token, Clock::duration::zero());
}

token::ClientCertificate ClientConnection::certificate() {
  if (!certificate_) {
    certificate_ = Certificate{};
    const auto shown = client.is_encrypted() ? client.tls().peer_certificate() : std::nullopt;
    if (shown) certificate_ = Certificate{token::encode_base64url(shown->sha256), shown->not_after};
  }
  return {certificate_->thumbprint, certificate_->not_after};
}

void ClientConnection::close_upstream() noexcept {
  if (upstream) upstream->stream.close();
}

void ClientConnection::call_off() noexcept {
  close_upstream();
  client.cancel();
}

// Cancelled operations end with an error, and the coroutine sees in interrupted() why. Which side is
// cancelled decides what can still be said to the client.
void ClientConnection::interrupt(Interruption why) noexcept {
  interruption_ = why;
  if (waker_ != nullptr) waker_->cancel();
  switch (why) {
    case Interruption::none:
    case Interruption::key_timeout:
      break;
    case Interruption::idle_timeout:
    case Interruption::head_timeout:
      client.cancel();
      break;
    case Interruption::connect_timeout:
    case Interruption::response_timeout:
      close_upstream();
      break;
    case Interruption::upload_timeout:
    case Interruption::stream_timeout:
    case Interruption::token_expired:
    case Interruption::linger_timeout:
    case Interruption::drained:
    case Interruption::client_left:
      call_off();
      break;
  }
}

void ClientConnection::on_deadline(DeadlineKind kind) {
  if (closable_ != nullptr && kind == DeadlineKind::token)
    return closable_->close(CloseReason::policy_violation);
  if (closable_ != nullptr && kind == DeadlineKind::quiet) return closable_->rest();
  interrupt(interruption_by(kind));
}

void ClientConnection::on_drain() {
  // Its next request may be on the way: it is answered, and hears that the connection ends.
  if (idle) wait_at_most(DeadlineKind::idle, transport::request_while_draining);
}

void ClientConnection::on_cut(transport::Cut how) {
  if (closable_ != nullptr && how == transport::Cut::after_farewell)
    return closable_->close(CloseReason::going_away);
  interrupt(Interruption::drained);
}

// While the client is owed something, or may have ended its side with its last request.
int ClientConnection::watched_descriptor() noexcept {
  switch (waiting_for_) {
    case DeadlineKind::idle:
      return client.is_open() && idle && buffers ? client.descriptor() : -1;
    case DeadlineKind::connect:
    case DeadlineKind::upload:
    case DeadlineKind::response:
    case DeadlineKind::stream:
    case DeadlineKind::quiet:
    case DeadlineKind::key:
      return client.is_open() && !idle ? client.descriptor() : -1;
    default:
      return -1;
  }
}

void ClientConnection::on_watched(short events) {
  if (idle) {
    // What comes before the end is on its way to be read.
    if ((events & POLLRDHUP) != 0 && client.at_end()) client.cancel();
    return;
  }
  // Under TLS the end may be announced by a close_notify that nobody reads (RFC 8446 6.1).
  const bool said_goodbye = (events & POLLIN) != 0 && client.is_encrypted() && client.peer_has_closed();
  if (said_goodbye || (events & (POLLRDHUP | POLLHUP | POLLERR)) != 0) interrupt(Interruption::client_left);
}

}  // namespace postern::relay
