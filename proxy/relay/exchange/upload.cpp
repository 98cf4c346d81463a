#include "relay/exchange/upload.hpp"

#include <algorithm>

#include "http/chunk_writer.hpp"

namespace postern::relay {

using transport::Awaitable;
using transport::Clock;
using transport::error_code;
namespace asio = transport::asio;

namespace {

constexpr std::size_t most_pieces = RequestBuffers::most_pieces;

std::size_t smaller(std::uint64_t a, std::size_t b) noexcept {
  return static_cast<std::size_t>(std::min<std::uint64_t>(a, b));
}

}  // namespace

Upload::Upload(ClientConnection& connection, ExchangePlan& plan)
    : connection_(connection),
      buffers_(*connection.buffers),
      plan_(plan),
      head_size_(buffers_.request_parser.head_size()) {
  if (buffers_.request.framing == http::Framing::content_length) body_left_ = buffers_.request.content_length;
}

bool Upload::is_whole() const noexcept {
  return buffers_.request.framing != http::Framing::chunked && body_left_ <= buffers_.from_client.size();
}

void Upload::take_whole_body() noexcept {
  connection_.buffers->from_client.take(static_cast<std::size_t>(body_left_));
}

Action Upload::send_first() noexcept {
  const auto body = buffers_.from_client.data().substr(0, smaller(body_left_, buffers_.from_client.size()));
  buffers_.up[0] = asio::buffer(buffers_.to_upstream);
  buffers_.up[1] = asio::buffer(body.data(), body.size());
  taken_ = body.size();
  left_ = std::span(buffers_.up).first(body.empty() ? 1 : 2);
  sent_at_ = Clock::now();
  connection_.wait(plan_.patience_for(Wait::send_upstream));
  const error_code error = connection_.upstream->stream.write_now(left_);
  if (!error && !left_.empty()) return Action::go_on;
  const bool nothing_sent = error && left_.size() == (body.empty() ? 1U : 2U) &&
                            left_.front().size() == buffers_.to_upstream.size();
  return on_first_write(error, nothing_sent);
}

Awaitable<Action> Upload::send_rest() {
  const error_code error = co_await send(left_);
  co_return on_first_write(error, false);
}

Action Upload::on_first_write(const error_code& error, bool nothing_sent) noexcept {
  if (nothing_sent) return plan_.on(Event::nothing_sent);
  if (error) return plan_.on(event_of(connection_.interrupted(), Event::sending_failed));
  bytes_ = taken_;
  if (is_whole()) return plan_.on(Event::request_sent);
  if (taken_ != 0) plan_.on(Event::body_piece);
  body_left_ -= taken_;
  buffers_.from_client.take(taken_);
  return plan_.on(Event::head_sent);
}

// Every piece that the upstream takes is progress.
Awaitable<error_code> Upload::send(std::span<asio::const_buffer> pieces) {
  error_code error;
  while (!error && !pieces.empty()) {
    connection_.wait(plan_.patience_for(Wait::send_upstream));
    error = co_await connection_.upstream->stream.write_some(pieces);
  }
  co_return error;
}

Awaitable<> Upload::run() {
  const bool chunked = buffers_.request.framing == http::Framing::chunked;
  Action next = Action::upload;
  while (next == Action::upload && !plan_.over()) {
    bool more = true;
    const bool nothing_here = buffers_.from_client.size() == buffers_.request_parser.pending();
    // Not the first piece of it: until it comes, the client may be waiting for 100 (Continue).
    if (nothing_here && !chunked && bytes_ != 0) {
      const auto body =
          SplicedBody::make(connection_, connection_.client, connection_.upstream->stream, body_left_);
      if (body) {
        next = co_await send_spliced(*body);
        if (next != Action::upload || plan_.over()) continue;
      }
    }
    if (nothing_here) more = co_await read_more_body();
    if (!more) co_return on_client_failed();
    plan_.on(Event::body_piece);
    if (!chunked) gather_sized();
    if (chunked && !gather_chunked()) co_return connection_.call_off();
    const error_code error = co_await send(left_);
    buffers_.from_client.take(taken_);
    // Not before: a response that ends while this is being written must be able to call it off.
    if (error) {
      next = plan_.on(event_of(connection_.interrupted(), Event::sending_failed));
    } else if (gathered_) {
      next = plan_.on(Event::request_sent);
    }
  }
  if (plan_.failed()) co_return connection_.call_off();
  // The last wait of this way was for the upstream to take the body.
  if (!plan_.over()) connection_.wait(plan_.patience_for(Wait::read_upstream));
}

Awaitable<bool> Upload::read_more_body() {
  buffers_.from_client.rewind(head_size_);
  connection_.wait(plan_.patience_for(Wait::read_client));
  const auto [error, count] = co_await connection_.client.read_some(buffers_.from_client.room());
  if (!error) {
    buffers_.from_client.filled(count);
    co_return true;
  }
  co_return false;
}

// Unless the response is through, or the other way failed, and what waited for the client was called off.
void Upload::on_client_failed() noexcept {
  if (plan_.over()) return;
  plan_.on(event_of(connection_.interrupted(), Event::client_failed));
  connection_.call_off();
}

Awaitable<Action> Upload::send_spliced(SplicedBody& body) {
  const std::uint64_t before = body_left_;
  const auto end = co_await body.run(plan_, Wait::read_client, Wait::send_upstream, body_left_);
  bytes_ += before - body_left_;
  switch (end.side) {
    case SplicedBody::Side::from:
      on_client_failed();
      co_return Action::stop;
    case SplicedBody::Side::to:
      co_return plan_.on(event_of(connection_.interrupted(), Event::sending_failed));
    case SplicedBody::Side::neither:
      break;
  }
  co_return end.error ? Action::upload : plan_.on(Event::request_sent);
}

void Upload::gather_sized() noexcept {
  const auto piece = buffers_.from_client.data().substr(0, smaller(body_left_, buffers_.from_client.size()));
  buffers_.up[0] = asio::buffer(piece.data(), piece.size());
  left_ = std::span(buffers_.up).first(1);
  taken_ = piece.size();
  bytes_ += piece.size();
  body_left_ -= piece.size();
  gathered_ = body_left_ == 0;
}

// What the decoder finds in the buffer becomes one chunk of our own making. False if it is no body, or too
// large a one, which the plan knows then.
bool Upload::gather_chunked() {
  auto& up = buffers_.up;
  auto rest = buffers_.from_client.data();
  std::size_t size = 0;
  std::size_t count = 1;  // the first is for the chunk's size line
  auto state = http::BodyStep::State::data;
  while (state == http::BodyStep::State::data && count <= most_pieces) {
    const auto step = buffers_.request_parser.next(rest);
    state = step.state;
    rest.remove_prefix(step.consumed);
    if (state != http::BodyStep::State::data) break;
    up[count++] = asio::buffer(step.data.data(), step.data.size());
    size += step.data.size();
  }
  taken_ = buffers_.from_client.size() - rest.size();
  bytes_ += size;
  if (state == http::BodyStep::State::refused) {
    plan_.on(Event::body_malformed);
    return false;
  }
  // A chunk that declares more than is left is refused before it comes.
  if (bytes_ + buffers_.request_parser.chunk_left() > connection_.context.settings.policy.max_body_bytes) {
    plan_.on(Event::body_too_large);
    return false;
  }
  if (size != 0) {
    const auto header = http::chunk_header(size, chunk_header_);
    up[0] = asio::buffer(header.data(), header.size());
    up[count++] = asio::buffer("\r\n", 2);
  } else {
    count = 0;
  }
  if (state == http::BodyStep::State::finished) {
    buffers_.to_upstream.clear();
    http::write_last_chunk_upstream(buffers_.to_upstream, buffers_.request_parser.trailers(),
                                    connection_.context.settings.user_header,
                                    connection_.context.settings.claim_headers);
    up[count++] = asio::buffer(buffers_.to_upstream);
    gathered_ = true;
  }
  left_ = std::span(up).first(count);
  return true;
}

}  // namespace postern::relay
