#include "net/tunnel.hpp"

#include <unistd.h>

#include <array>
#include <boost/asio/experimental/awaitable_operators.hpp>

#include "net/session.hpp"

namespace postern::net {
namespace {

using namespace asio::experimental::awaitable_operators;

// For the frames under way to end and the close frames to be read.
constexpr std::chrono::seconds farewell_at_most{2};

}  // namespace

Tunnel::Tunnel(Session& session, Buffer& from_client, std::size_t kept, Buffer& from_upstream)
    : session_(session),
      upstream_way_{session.client,   session.upstream,   from_client, kept,
                    End::client_gone, End::upstream_gone, true},
      client_way_{session.upstream,   session.client,   from_upstream, 0,
                  End::upstream_gone, End::client_gone, false} {
  session_.tunnel = this;
}

Tunnel::~Tunnel() {
  session_.tunnel = nullptr;
}

Awaitable<Tunnel::End> Tunnel::run() {
  upstream_way_.buffer.rewind(upstream_way_.kept);
  co_await (relay(upstream_way_) && relay(client_way_));
  if (end_ != End::closed || !leaving()) co_return end_;
  // Who is told to go answers, or had more on its way: closing on that would reset the connection, and the
  // close frame might never be read.
  co_await session_.client.finish_sending();
  co_await session_.upstream.finish_sending();
  co_await (discard(session_.client, upstream_way_.buffer, upstream_way_.kept) &&
            discard(session_.upstream, client_way_.buffer, client_way_.kept));
  co_return end_;
}

void Tunnel::wait_at_most() noexcept {
  if (!leaving()) session_.wait_at_most(Phase::stream, session_.worker.settings.stream_idle_timeout);
}

// Until `from` ends its side: then `to` hears the end too, and the other way goes on.
Awaitable<> Tunnel::relay(Way& way) {
  while (end_ == End::closed) {
    const bool passed = co_await pass_buffered(way);
    if (!passed) co_return fail(way.when_to_fails);
    if (leaving() && way.frames.at_boundary()) {
      co_await write_close(way);
      co_return;
    }
    way.buffer.rewind(way.kept);
    wait_at_most();
    const auto [error, count] = co_await way.from.read_some(way.buffer.room(), way.stop_reading.slot());
    if (error == asio::error::eof) {
      co_await way.to.finish_sending();
      co_return;
    }
    const bool woken =
        leaving() && session_.expired() == Phase::none && error == asio::error::operation_aborted;
    if (error && !woken) co_return fail(way.when_from_fails);
    way.buffer.filled(count);
  }
}

// What is here goes on; while leaving, no more than the frame under way.
Awaitable<bool> Tunnel::pass_buffered(Way& way) {
  while (way.buffer.size() != 0) {
    const auto here = way.buffer.data();
    const auto piece = leaving() ? here.substr(0, way.frames.left_of_frame(here)) : here;
    if (piece.empty()) break;
    std::array<asio::const_buffer, 1> buffers = {asio::buffer(piece.data(), piece.size())};
    wait_at_most();
    const error_code error = co_await way.to.write_all(buffers);
    if (error) co_return false;
    way.frames.advance(piece);
    way.bytes += piece.size();
    way.buffer.take(piece.size());
  }
  co_return true;
}

Awaitable<> Tunnel::write_close(Way& way) {
  if (way.frames.close_passed()) co_return;
  std::array<char, http::client_close_frame_size> storage;
  const auto code = static_cast<std::uint16_t>(goodbye_);
  const std::string_view reason = goodbye_ == Goodbye::going_away ? "going away" : "token expired";
  std::string_view frame;
  if (way.masked) {
    std::array<unsigned char, 4> mask{};
    if (::getentropy(mask.data(), mask.size()) != 0) mask = {};
    frame = http::client_close_frame(code, reason, mask, storage);
  } else {
    frame = http::server_close_frame(code, reason, std::span(storage).first<http::server_close_frame_size>());
  }
  std::array<asio::const_buffer, 1> buffers = {asio::buffer(frame.data(), frame.size())};
  co_await way.to.write_all(buffers);
}

Awaitable<> Tunnel::discard(Stream& from, Buffer& scrap, std::size_t kept) {
  error_code error;
  while (!error && end_ == End::closed) {
    scrap.take(scrap.size());
    scrap.rewind(kept);
    std::tie(error, std::ignore) = co_await from.read_some(scrap.room());
  }
}

void Tunnel::say_goodbye(Goodbye why) noexcept {
  if (leaving()) return;
  goodbye_ = why;
  session_.wait_at_most(Phase::linger, farewell_at_most);
  // Not the writes: half a frame cannot be taken back.
  upstream_way_.stop_reading.emit(asio::cancellation_type::terminal);
  client_way_.stop_reading.emit(asio::cancellation_type::terminal);
}

void Tunnel::fail(End end) {
  if (end_ == End::closed) end_ = end;
  session_.client.cancel();
  session_.upstream.close();
}

}  // namespace postern::net
