// The response, from the upstream to the client.

#include "http/chunk_writer.hpp"
#include "http/forward_response.hpp"
#include "net/exchange.hpp"
#include "net/tunnel.hpp"

namespace postern::net {
namespace {

// An upstream that sends only interim responses is not answering.
constexpr unsigned most_interim = 32;

}  // namespace

// Beside upload(): the response may begin, and even end, before the request does.
Awaitable<> Exchange::download() {
  const bool answered = co_await read_final_head();
  if (answered && !relay_at_once()) co_await relay_response();
  response_done_ = true;
  if (body_done_) co_return;
  session_.client.cancel();
  session_.upstream.close();
}

void Exchange::fail_by_deadline(Failure otherwise) {
  switch (session_.expired()) {
    case Phase::response:
      return fail(Failure::response_timeout);
    case Phase::stream:
      return fail(Failure::stream_timeout);
    case Phase::token:
      return fail(Failure::token_expired);
    case Phase::linger:
    case Phase::drained:
      return fail(Failure::drained);
    default:
      return fail(otherwise);
  }
}

bool Exchange::note_read(const ReadResult& result) noexcept {
  const auto& [error, count] = result;
  if (error) {
    upstream_ended_cleanly_ = error == asio::error::eof;
    return false;
  }
  work_.from_upstream.filled(count);
  response_seen_ = true;
  return true;
}

// The next piece of a body, behind what is left of a line of chunk framing.
Awaitable<bool> Exchange::read_more_response() {
  work_.from_upstream.rewind();
  session_.wait_at_most(Phase::stream, worker_.settings.stream_idle_timeout);
  const ReadResult result = co_await session_.upstream.read_some(work_.from_upstream.room());
  co_return note_read(result);
}

Awaitable<bool> Exchange::read_final_head() {
  work_.from_upstream.clear();
  work_.response_parser.reset();
  work_.response.clear();
  while (true) {
    switch (work_.response_parser.parse(work_.from_upstream.data(), work_.request.method, work_.response)) {
      case http::ParseState::refused:
        fail(Failure::upstream_garbled);
        co_return false;
      case http::ParseState::incomplete: {
        const ReadResult result = co_await session_.upstream.read_some(work_.from_upstream.room());
        if (note_read(result)) break;
        fail_by_deadline(Failure::upstream_closed);
        co_return false;
      }
      case http::ParseState::complete: {
        if (work_.response.status >= 200 || work_.response.status == 101) {
          upstream_time_ = Clock::now() - sent_at_;
          const bool accepted = work_.request.websocket_upgrade && work_.response.websocket_accepted;
          if (work_.response.status != 101 || accepted) co_return true;
          // Nobody asked for another protocol, or not for this one (CVE-2026-2833).
          fail(Failure::upstream_garbled);
          co_return false;
        }
        const bool passed = co_await pass_interim();
        if (!passed) co_return false;
        break;
      }
    }
  }
}

// 100, 103 and the like (RFC 9110 15.2).
Awaitable<bool> Exchange::pass_interim() {
  if (++interim_ > most_interim) {
    fail(Failure::upstream_garbled);
    co_return false;
  }
  const bool wanted = work_.request.version == http::Version::http_1_1 &&
                      (work_.response.status != 100 || work_.request.expects_continue);
  if (wanted) {
    work_.to_client.clear();
    http::write_response_head(work_.to_client, work_.response, {});
    down_[0] = asio::buffer(work_.to_client);
    down_count_ = 1;
    // Under a deadline of its own: the one for the response says nothing of a client that does not read.
    session_.wait_at_most(Phase::stream, worker_.settings.stream_idle_timeout);
    interim_unsent_ = true;
    const bool written = co_await write_client();
    if (!written) co_return false;
    interim_unsent_ = false;
  }
  if (body_done_) session_.wait_at_most(Phase::response, worker_.settings.response_timeout);
  work_.from_upstream.take(work_.response_parser.head_size());
  work_.from_upstream.rewind();
  work_.response_parser.reset();
  work_.response.clear();
  co_return true;
}

Awaitable<bool> Exchange::write_client() {
  return write_client(std::span(down_).first(down_count_));
}

Awaitable<bool> Exchange::write_client(std::span<asio::const_buffer> pieces) {
  error_code error = session_.client.write_now(pieces);
  if (!error && !pieces.empty()) error = co_await session_.client.write_all(pieces);
  if (!error) co_return true;
  fail_by_deadline(Failure::client_gone);
  co_return false;
}

void Exchange::write_client_head() {
  const http::ResponseHead& head = work_.response;
  const bool old_client = work_.request.version == http::Version::http_1_0;
  http::DownstreamResponse response;
  response.client_version = work_.request.version;
  response.dechunk = old_client && head.framing == http::Framing::chunked;
  end_is_framed_ = !response.dechunk && head.framing != http::Framing::until_close;
  keep_client_ = work_.request.keep_alive && body_done_ && !worker_.draining() && end_is_framed_;
  response.keep_alive = keep_client_;
  response.request_id = session_.request_id();
  response.add_bearer_subprotocol = verdict_.bearer_subprotocol;
  work_.to_client.clear();
  http::write_response_head(work_.to_client, head, response);
}

// The head goes out with what is here of the body. Most responses are over then, and no coroutine is begun
// for them: false if there is more to do.
bool Exchange::relay_at_once() {
  session_.wait_at_most(Phase::stream, worker_.settings.stream_idle_timeout);
  write_client_head();
  work_.from_upstream.take(work_.response_parser.head_size());
  response_started_ = true;
  const http::Framing framing = work_.response.framing;
  const bool sized = framing == http::Framing::none || framing == http::Framing::content_length;
  if (!sized || work_.response.status == 101) return false;
  response_left_ = framing == http::Framing::none ? 0 : work_.response.content_length;
  down_[0] = asio::buffer(work_.to_client);
  down_count_ = 1;
  gather_sized_response();
  down_left_ = std::span(down_).first(down_count_);
  if (const error_code error = session_.client.write_now(down_left_)) {
    fail_by_deadline(Failure::client_gone);
    keep_client_ = false;
    return true;
  }
  response_done_ = down_left_.empty() && response_left_ == 0;
  return response_done_;
}

Awaitable<> Exchange::relay_response() {
  bool through = false;
  if (work_.response.status == 101) {
    co_await run_tunnel();
    co_return;
  }
  switch (work_.response.framing) {
    case http::Framing::none:
    case http::Framing::content_length:
      through = co_await relay_sized();
      break;
    case http::Framing::chunked:
      through = co_await relay_chunked();
      break;
    case http::Framing::until_close:
      through = co_await relay_until_close();
      break;
  }
  response_done_ = through;
  if (!through) keep_client_ = false;
}

Awaitable<> Exchange::run_tunnel() {
  down_[0] = asio::buffer(work_.to_client);
  down_count_ = 1;
  const bool written = co_await write_client();
  if (!written) co_return;
  Tunnel tunnel(session_, work_.from_client, head_size_, work_.from_upstream);
  const Tunnel::End end = co_await tunnel.run();
  bytes_in_ = tunnel.bytes_from_client();
  bytes_out_ = tunnel.bytes_from_upstream();
  if (tunnel.goodbye() == Goodbye::going_away) co_return fail(Failure::drained);
  if (tunnel.goodbye() == Goodbye::policy_violation) co_return fail(Failure::token_expired);
  switch (end) {
    case Tunnel::End::closed:
      response_done_ = true;
      break;
    case Tunnel::End::client_gone:
      fail_by_deadline(Failure::client_gone);
      break;
    case Tunnel::End::upstream_gone:
      fail_by_deadline(Failure::upstream_truncated);
      break;
  }
}

void Exchange::gather_sized_response() {
  Buffer& from = work_.from_upstream;
  const auto piece =
      from.data().substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(response_left_, from.size())));
  if (!piece.empty()) down_[down_count_++] = asio::buffer(piece.data(), piece.size());
  from.take(piece.size());
  response_left_ -= piece.size();
  bytes_out_ += piece.size();
}

Awaitable<bool> Exchange::relay_sized() {
  auto pieces = down_left_;
  while (true) {
    bool written = true;
    if (!pieces.empty()) written = co_await write_client(pieces);
    if (!written) co_return false;
    if (response_left_ == 0) co_return true;
    const bool more = co_await read_more_response();
    if (!more) {
      fail_by_deadline(Failure::upstream_truncated);
      co_return false;
    }
    down_count_ = 0;
    gather_sized_response();
    pieces = std::span(down_).first(down_count_);
  }
}

// Each read becomes one chunk of our own making, or plain bytes for a client that knows no chunks; so an
// event reaches the client when it reaches us.
Awaitable<bool> Exchange::relay_chunked() {
  using State = http::BodyStep::State;
  const bool plain = work_.request.version == http::Version::http_1_0;
  Buffer& from = work_.from_upstream;
  std::size_t head = work_.to_client.size();
  while (true) {
    auto rest = from.data();
    std::size_t size = 0;
    std::size_t pieces = 0;
    State state = State::data;
    while (pieces < most_pieces) {
      const auto step = work_.response_parser.next(rest);
      state = step.state;
      rest.remove_prefix(step.consumed);
      if (state != State::data) break;
      down_[2 + pieces++] = asio::buffer(step.data.data(), step.data.size());
      size += step.data.size();
    }
    if (state == State::finished && !plain) {
      http::write_last_chunk_downstream(work_.to_client, work_.response_parser.trailers());
    }
    const auto chunk = size == 0 || plain ? std::string_view{} : http::chunk_header(size, down_chunk_header_);
    down_[0] = asio::buffer(work_.to_client.data(), head);
    down_[1] = asio::buffer(chunk.data(), chunk.size());
    down_count_ = 2 + pieces;
    if (!chunk.empty()) down_[down_count_++] = asio::buffer("\r\n", 2);
    down_[down_count_++] = asio::buffer(work_.to_client.data() + head, work_.to_client.size() - head);
    bytes_out_ += size;
    const bool written = co_await write_client();
    if (!written) co_return false;
    // What came before the fault has gone, as it would have had it come alone.
    if (state == State::refused) {
      fail(Failure::upstream_garbled);
      co_return false;
    }
    from.take(from.size() - rest.size());
    if (state == State::finished) co_return true;
    work_.to_client.clear();
    head = 0;
    if (state == State::data) continue;
    const bool more = co_await read_more_response();
    if (more) continue;
    fail_by_deadline(Failure::upstream_truncated);
    co_return false;
  }
}

Awaitable<bool> Exchange::relay_until_close() {
  down_[0] = asio::buffer(work_.to_client);
  Buffer& from = work_.from_upstream;
  down_count_ = 1;
  while (true) {
    if (from.size() != 0) down_[down_count_++] = asio::buffer(from.data().data(), from.size());
    bytes_out_ += from.size();
    const bool written = co_await write_client();
    if (!written) co_return false;
    from.take(from.size());
    down_count_ = 0;
    const bool more = co_await read_more_response();
    if (more) continue;
    if (upstream_ended_cleanly_) co_return true;
    fail_by_deadline(Failure::upstream_truncated);
    co_return false;
  }
}

}  // namespace postern::net
