#include "relay/exchange/response_body.hpp"

#include <algorithm>

#include "http/chunk_writer.hpp"
#include "relay/exchange/spliced_body.hpp"

namespace postern::relay {

using transport::Awaitable;
using transport::error_code;
namespace asio = transport::asio;

namespace {

constexpr std::size_t most_pieces = RequestBuffers::most_pieces;

}  // namespace

ResponseBody::ResponseBody(ClientConnection& connection, ExchangePlan& plan,
                           UpstreamReader& upstream) noexcept
    : connection_(connection), buffers_(*connection.buffers), plan_(plan), upstream_(upstream) {}

Action ResponseBody::relay_at_once() {
  connection_.wait(plan_.patience_for(Wait::send_client));
  buffers_.down[0] = asio::buffer(buffers_.to_client);
  pieces_ = std::span(buffers_.down).first(1);
  const http::Framing framing = buffers_.response.framing;
  if (framing != http::Framing::none && framing != http::Framing::content_length) return Action::go_on;
  left_ = framing == http::Framing::none ? 0 : buffers_.response.content_length;
  gather_sized();
  if (const error_code error = connection_.client.write_now(pieces_)) {
    return plan_.on(event_of(connection_.interrupted(), Event::client_failed));
  }
  return pieces_.empty() && left_ == 0 ? plan_.on(Event::response_ended) : Action::go_on;
}

Awaitable<Action> ResponseBody::relay_rest() {
  switch (buffers_.response.framing) {
    case http::Framing::chunked:
      return relay_chunked();
    case http::Framing::until_close:
      return relay_until_close();
    case http::Framing::none:
    case http::Framing::content_length:
      break;
  }
  return relay_sized();
}

// The next piece of a body, behind what is left of a line of chunk framing.
Awaitable<Action> ResponseBody::read_more() {
  stream_ = true;
  buffers_.from_upstream.rewind();
  connection_.wait(plan_.patience_for(Wait::read_upstream));
  return upstream_.read();
}

Awaitable<Action> ResponseBody::write(std::span<asio::const_buffer> pieces) {
  error_code error = connection_.client.write_now(pieces);
  while (!error && !pieces.empty()) {
    connection_.wait(plan_.patience_for(Wait::send_client));
    error = co_await connection_.client.write_some(pieces);
  }
  if (!error) co_return Action::go_on;
  co_return plan_.on(event_of(connection_.interrupted(), Event::client_failed));
}

// Behind what is to be written already.
void ResponseBody::gather_sized() noexcept {
  Buffer& from = buffers_.from_upstream;
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, from.size()));
  if (size != 0) {
    buffers_.down[pieces_.size()] = asio::buffer(from.data().data(), size);
    pieces_ = std::span(buffers_.down).first(pieces_.size() + 1);
  }
  from.take(size);
  left_ -= size;
  bytes_ += size;
}

Awaitable<Action> ResponseBody::relay_sized() {
  Action next = Action::go_on;
  while (next == Action::go_on) {
    if (!pieces_.empty()) next = co_await write(pieces_);
    if (next != Action::go_on) break;
    if (left_ == 0) co_return plan_.on(Event::response_ended);
    if (const auto body =
            SplicedBody::make(connection_, connection_.upstream->stream, connection_.client, left_)) {
      co_return co_await relay_spliced(*body);
    }
    next = co_await read_more();
    pieces_ = std::span(buffers_.down).first(0);
    if (next == Action::go_on) gather_sized();
  }
  co_return next;
}

Awaitable<Action> ResponseBody::relay_spliced(SplicedBody& body) {
  stream_ = true;
  const auto end = co_await body.run(plan_, Wait::read_upstream, Wait::send_client, left_);
  bytes_ += body.sent();
  switch (end.side) {
    case SplicedBody::Side::from:
      co_return upstream_.on_error(end.error);
    case SplicedBody::Side::to:
      co_return plan_.on(event_of(connection_.interrupted(), Event::client_failed));
    case SplicedBody::Side::neither:
      break;
  }
  co_return plan_.on(Event::response_ended);
}

// What is here becomes one chunk of our own making, or plain bytes for a client that knows no chunks; so an
// event reaches the client when it reaches us.
bool ResponseBody::gather_chunked() {
  using State = http::BodyStep::State;
  auto& down = buffers_.down;
  const bool plain = plan_.dechunks();
  const std::size_t head = buffers_.to_client.size();
  auto rest = buffers_.from_upstream.data();
  std::size_t size = 0;
  std::size_t data_pieces = 0;
  chunks_ = State::data;
  while (data_pieces < most_pieces) {
    const auto step = buffers_.response_parser.next(rest);
    chunks_ = step.state;
    rest.remove_prefix(step.consumed);
    if (chunks_ != State::data) break;
    down[2 + data_pieces++] = asio::buffer(step.data.data(), step.data.size());
    size += step.data.size();
  }
  if (chunks_ == State::finished && !plain) {
    http::write_last_chunk_downstream(buffers_.to_client, buffers_.response_parser.trailers());
  }
  const auto chunk = size == 0 || plain ? std::string_view{} : http::chunk_header(size, chunk_header_);
  std::size_t count = 2 + data_pieces;
  down[0] = asio::buffer(buffers_.to_client.data(), head);
  down[1] = asio::buffer(chunk.data(), chunk.size());
  if (!chunk.empty()) down[count++] = asio::buffer("\r\n", 2);
  down[count++] = asio::buffer(buffers_.to_client.data() + head, buffers_.to_client.size() - head);
  pieces_ = std::span(down).first(count);
  bytes_ += size;
  // The bytes stay where they are: what is written are views of them.
  buffers_.from_upstream.take(buffers_.from_upstream.size() - rest.size());
  return chunks_ != State::refused;
}

Awaitable<Action> ResponseBody::relay_chunked() {
  using State = http::BodyStep::State;
  Action next = Action::go_on;
  while (next == Action::go_on) {
    const bool good = gather_chunked();
    next = co_await write(pieces_);
    if (next != Action::go_on) break;
    // What came before the fault has gone, as it would have had it come alone.
    if (!good) co_return plan_.on(Event::body_garbled);
    if (chunks_ == State::finished) co_return plan_.on(Event::response_ended);
    buffers_.to_client.clear();
    if (chunks_ != State::data) next = co_await read_more();
  }
  co_return next;
}

Awaitable<Action> ResponseBody::relay_until_close() {
  Buffer& from = buffers_.from_upstream;
  Action next = Action::go_on;
  while (next == Action::go_on) {
    const std::size_t count = pieces_.size();
    buffers_.down[count] = asio::buffer(from.data().data(), from.size());
    pieces_ = std::span(buffers_.down).first(count + 1);
    bytes_ += from.size();
    next = co_await write(pieces_);
    from.take(from.size());
    pieces_ = {};
    if (next == Action::go_on) next = co_await read_more();
  }
  co_return next;
}

}  // namespace postern::relay
