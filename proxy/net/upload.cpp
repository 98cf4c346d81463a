// The rest of a request body, from the client to the upstream.

#include "http/chunk_writer.hpp"
#include "net/exchange.hpp"

namespace postern::net {

Awaitable<> Exchange::upload() {
  const bool chunked = work_.request.framing == http::Framing::chunked;
  while (!body_done_ && !upload_stuck_ && failure_ == Failure::none && !response_done_) {
    bool more = true;
    if (work_.from_client.size() == work_.request_parser.pending()) more = co_await read_more_body();
    if (!more) co_return;
    if (!(chunked ? gather_chunked() : gather_sized())) co_return;
    if (up_count_ != 0) {
      session_.wait_at_most(Phase::stream, worker_.settings.stream_idle_timeout);
      // The upstream may have answered before it stopped reading: the answer decides, not this.
      const error_code error = co_await session_.upstream.write_all(std::span(up_).first(up_count_));
      upload_stuck_ = error.failed();
    }
    work_.from_client.take(up_taken_);
    // Not before: a response that ends while this is being written must be able to call it off.
    body_done_ = body_gathered_;
  }
  // Where the client has yet to take an interim response, pass_interim() begins this wait.
  if (body_done_ && !response_started_ && !interim_unsent_) {
    session_.wait_at_most(Phase::response, worker_.settings.response_timeout);
  }
}

Awaitable<bool> Exchange::read_more_body() {
  work_.from_client.rewind(head_size_);
  session_.wait_at_most(Phase::stream, worker_.settings.stream_idle_timeout);
  const auto [error, count] = co_await session_.client.read_some(work_.from_client.room());
  if (!error) {
    work_.from_client.filled(count);
    co_return true;
  }
  // Otherwise the response is through, or the other half failed, and this read was called off.
  if (failure_ == Failure::none && !response_done_) fail_by_deadline(Failure::client_gone);
  co_return false;
}

bool Exchange::gather_sized() {
  const auto piece = work_.from_client.data().substr(
      0, static_cast<std::size_t>(std::min<std::uint64_t>(body_left_, work_.from_client.size())));
  up_[0] = asio::buffer(piece.data(), piece.size());
  up_count_ = 1;
  up_taken_ = piece.size();
  bytes_in_ += piece.size();
  body_left_ -= piece.size();
  body_gathered_ = body_left_ == 0;
  return true;
}

// What the decoder finds in the buffer becomes one chunk of our own making.
bool Exchange::gather_chunked() {
  auto rest = work_.from_client.data();
  std::size_t size = 0;
  up_count_ = 1;  // the first is for the chunk's size line
  auto state = http::BodyStep::State::data;
  while (state == http::BodyStep::State::data && up_count_ <= most_pieces) {
    const auto step = work_.request_parser.next(rest);
    state = step.state;
    rest.remove_prefix(step.consumed);
    if (state != http::BodyStep::State::data) break;
    up_[up_count_++] = asio::buffer(step.data.data(), step.data.size());
    size += step.data.size();
  }
  up_taken_ = work_.from_client.size() - rest.size();
  bytes_in_ += size;
  if (state == http::BodyStep::State::refused) {
    fail(Failure::body_malformed);
    return false;
  }
  if (bytes_in_ > worker_.settings.policy.max_body_bytes) {
    fail(Failure::body_too_large);
    return false;
  }
  if (size != 0) {
    const auto header = http::chunk_header(size, up_chunk_header_);
    up_[0] = asio::buffer(header.data(), header.size());
    up_[up_count_++] = asio::buffer("\r\n", 2);
  } else {
    up_count_ = 0;
  }
  if (state == http::BodyStep::State::finished) {
    work_.to_upstream.clear();
    http::write_last_chunk_upstream(work_.to_upstream, work_.request_parser.trailers(),
                                    worker_.settings.user_header);
    up_[up_count_++] = asio::buffer(work_.to_upstream);
    body_gathered_ = true;
  }
  return true;
}

}  // namespace postern::net
