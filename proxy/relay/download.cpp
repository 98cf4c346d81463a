#include "relay/download.hpp"

#include <algorithm>

#include "http/chunk_writer.hpp"
#include "http/forward_response.hpp"
#include "relay/websocket_tunnel.hpp"

namespace postern::relay {

using transport::Awaitable;
using transport::Clock;
using transport::error_code;
namespace asio = transport::asio;

namespace {

constexpr std::size_t most_pieces = RequestBuffers::most_pieces;

ResponseFacts facts_of(const http::ResponseHead& head) noexcept {
  ResponseFacts facts;
  facts.status = head.status;
  facts.ends_by_close = head.framing == http::Framing::until_close;
  facts.chunked = head.framing == http::Framing::chunked;
  facts.persists = head.keep_alive;
  facts.accepts_websocket = head.websocket_accepted;
  return facts;
}

}  // namespace

Download::Download(ClientConnection& connection, ExchangePlan& plan, const Upload& upload,
                   const Request& request)
    : connection_(connection),
      buffers_(*connection.buffers),
      plan_(plan),
      upload_(upload),
      request_(request) {}

Awaitable<> Download::run() {
  Action next = co_await read_head();
  if (next == Action::tunnel) next = co_await run_tunnel();
  if (next == Action::relay) next = relay_at_once();
  if (next == Action::go_on) co_await relay_rest();
  // Whatever the other way waits for is of no use any more.
  if (plan_.failed() || !plan_.request_done()) connection_.call_off();
}

void Download::note_read(std::size_t count) noexcept {
  buffers_.from_upstream.filled(count);
  plan_.on(Event::answer_began);
}

Action Download::on_read_error(const error_code& error) noexcept {
  read_error_ = error;
  const bool in_order = error == asio::error::eof;
  const Event event =
      event_of(connection_.interrupted(), in_order ? Event::upstream_ended : Event::upstream_failed);
  return plan_.on(event, Clock::now() - upload_.sent_at());
}

std::string Download::upstream_problem() const {
  const bool says_nothing =
      !read_error_ || read_error_ == asio::error::eof || read_error_ == asio::error::operation_aborted;
  return says_nothing ? std::string() : read_error_.message();
}

Awaitable<Action> Download::read_head() {
  buffers_.from_upstream.clear();
  buffers_.response_parser.reset();
  buffers_.response.clear();
  connection_.wait(plan_.patience_for(Wait::read_upstream));
  // The connection was quiet when the request went: whatever comes is news to epoll.
  bool awaited = true;
  while (true) {
    switch (buffers_.response_parser.parse(buffers_.from_upstream.data(), buffers_.request.method,
                                           buffers_.response)) {
      case http::ParseState::refused: {
        const bool too_large = buffers_.response_parser.fault() == http::HeadFault::head_too_large;
        co_return plan_.on(too_large ? Event::head_too_large : Event::head_malformed);
      }
      case http::ParseState::incomplete: {
        transport::Stream& upstream = connection_.upstream->stream;
        const std::span<char> room = buffers_.from_upstream.room();
        transport::ReadResult result;
        if (awaited && !upstream.is_encrypted()) {
          result = co_await upstream.read_awaited(room);
        } else {
          result = co_await upstream.read_some(room);
        }
        awaited = false;
        const auto [error, count] = result;
        if (error) co_return on_read_error(error);
        note_read(count);
        break;
      }
      case http::ParseState::complete: {
        Action next = on_head();
        if (next == Action::pass_interim) next = co_await pass_interim();
        if (next != Action::drop_interim && next != Action::read_head) co_return next;
        drop_head();
        // An interim response is a sign of life.
        connection_.wait(plan_.patience_for(Wait::read_upstream));
        break;
      }
    }
  }
}

Action Download::on_head() {
  const http::ResponseHead& head = buffers_.response;
  if (head.status >= 200 || head.status == 101) upstream_time_ = Clock::now() - upload_.sent_at();
  return plan_.on_head(facts_of(head), !connection_.context.draining());
}

// 100, 103 and the like (RFC 9110 15.2).
Awaitable<Action> Download::pass_interim() {
  buffers_.to_client.clear();
  http::write_response_head(buffers_.to_client, buffers_.response, {});
  buffers_.down[0] = asio::buffer(buffers_.to_client);
  const Action written = co_await write_client(std::span(buffers_.down).first(1));
  if (written != Action::go_on) co_return written;
  co_return plan_.on(Event::interim_passed);
}

void Download::drop_head() {
  buffers_.from_upstream.take(buffers_.response_parser.head_size());
  buffers_.from_upstream.rewind();
  buffers_.response_parser.reset();
  buffers_.response.clear();
}

// The next piece of a body, behind what is left of a line of chunk framing.
Awaitable<Action> Download::read_more() {
  stream_ = true;
  buffers_.from_upstream.rewind();
  connection_.wait(plan_.patience_for(Wait::read_upstream));
  const auto [error, count] = co_await connection_.upstream->stream.read_some(buffers_.from_upstream.room());
  if (error) co_return on_read_error(error);
  note_read(count);
  co_return Action::go_on;
}

Awaitable<Action> Download::write_client(std::span<asio::const_buffer> pieces) {
  error_code error = connection_.client.write_now(pieces);
  while (!error && !pieces.empty()) {
    connection_.wait(plan_.patience_for(Wait::send_client));
    error = co_await connection_.client.write_some(pieces);
  }
  if (!error) co_return Action::go_on;
  co_return plan_.on(event_of(connection_.interrupted(), Event::client_failed));
}

void Download::write_client_head() {
  http::DownstreamResponse response;
  response.client_version = buffers_.request.version;
  response.dechunk = plan_.dechunks();
  response.keep_alive = plan_.keeps_client();
  response.request_id = request_.id;
  response.add_bearer_subprotocol = request_.bearer_subprotocol;
  buffers_.to_client.clear();
  http::write_response_head(buffers_.to_client, buffers_.response, response);
  buffers_.from_upstream.take(buffers_.response_parser.head_size());
  buffers_.down[0] = asio::buffer(buffers_.to_client);
  pieces_ = std::span(buffers_.down).first(1);
}

Action Download::relay_at_once() {
  connection_.wait(plan_.patience_for(Wait::send_client));
  write_client_head();
  const http::Framing framing = buffers_.response.framing;
  if (framing != http::Framing::none && framing != http::Framing::content_length) return Action::go_on;
  left_ = framing == http::Framing::none ? 0 : buffers_.response.content_length;
  gather_sized();
  if (const error_code error = connection_.client.write_now(pieces_)) {
    return plan_.on(event_of(connection_.interrupted(), Event::client_failed));
  }
  return pieces_.empty() && left_ == 0 ? plan_.on(Event::response_ended) : Action::go_on;
}

Awaitable<Action> Download::relay_rest() {
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

Awaitable<Action> Download::run_tunnel() {
  stream_ = true;
  write_client_head();
  const Action written = co_await write_client(pieces_);
  if (written != Action::go_on) co_return written;
  WebSocketTunnel tunnel(connection_, buffers_.request_parser.head_size());
  const WebSocketTunnel::End end = co_await tunnel.run();
  tunnel_bytes_in_ = tunnel.bytes_from_client();
  bytes_ = tunnel.bytes_from_upstream();
  if (tunnel.close_reason() == CloseReason::going_away) co_return plan_.on(Event::drained);
  if (tunnel.close_reason() == CloseReason::policy_violation) co_return plan_.on(Event::token_expired);
  switch (end) {
    case WebSocketTunnel::End::client_gone:
      co_return plan_.on(event_of(connection_.interrupted(), Event::client_failed));
    case WebSocketTunnel::End::upstream_gone:
      co_return plan_.on(event_of(connection_.interrupted(), Event::upstream_failed));
    case WebSocketTunnel::End::closed:
      break;
  }
  co_return plan_.on(Event::response_ended);
}

// Behind what is to be written already.
void Download::gather_sized() noexcept {
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

Awaitable<Action> Download::relay_sized() {
  Action next = Action::go_on;
  while (next == Action::go_on) {
    if (!pieces_.empty()) next = co_await write_client(pieces_);
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

Awaitable<Action> Download::relay_spliced(SplicedBody& body) {
  stream_ = true;
  const auto end = co_await body.run(plan_, Wait::read_upstream, Wait::send_client, left_);
  bytes_ += body.sent();
  switch (end.side) {
    case SplicedBody::Side::from:
      co_return on_read_error(end.error);
    case SplicedBody::Side::to:
      co_return plan_.on(event_of(connection_.interrupted(), Event::client_failed));
    case SplicedBody::Side::neither:
      break;
  }
  co_return plan_.on(Event::response_ended);
}

// What is here becomes one chunk of our own making, or plain bytes for a client that knows no chunks; so an
// event reaches the client when it reaches us.
bool Download::gather_chunked() {
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

Awaitable<Action> Download::relay_chunked() {
  using State = http::BodyStep::State;
  Action next = Action::go_on;
  while (next == Action::go_on) {
    const bool good = gather_chunked();
    next = co_await write_client(pieces_);
    if (next != Action::go_on) break;
    // What came before the fault has gone, as it would have had it come alone.
    if (!good) co_return plan_.on(Event::body_garbled);
    if (chunks_ == State::finished) co_return plan_.on(Event::response_ended);
    buffers_.to_client.clear();
    if (chunks_ != State::data) next = co_await read_more();
  }
  co_return next;
}

Awaitable<Action> Download::relay_until_close() {
  Buffer& from = buffers_.from_upstream;
  Action next = Action::go_on;
  while (next == Action::go_on) {
    const std::size_t count = pieces_.size();
    buffers_.down[count] = asio::buffer(from.data().data(), from.size());
    pieces_ = std::span(buffers_.down).first(count + 1);
    bytes_ += from.size();
    next = co_await write_client(pieces_);
    from.take(from.size());
    pieces_ = {};
    if (next == Action::go_on) next = co_await read_more();
  }
  co_return next;
}

}  // namespace postern::relay
