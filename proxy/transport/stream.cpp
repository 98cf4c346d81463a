#include "transport/stream.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace postern::transport {
namespace {

// One TLS record's worth (RFC 8446 5.1).
constexpr std::size_t record_bytes = 16384;

// Who reads slowly would have the kernel hold megabytes that cannot be sent yet.
constexpr int most_unsent = 131072;

// Leaves `buffers` with what is not written yet.
void use_up(std::span<asio::const_buffer>& buffers, std::size_t written) {
  while (!buffers.empty() && written >= buffers.front().size()) {
    written -= buffers.front().size();
    buffers = buffers.subspan(1);
  }
  if (written != 0) buffers.front() += written;
}

Awaitable<std::tuple<error_code>> nothing_to_wait_for() {
  co_return error_code{};
}

// The front of `buffers` as one piece: a head and its body leave in one record. Asked again of the same
// buffers it gives the same bytes.
std::string_view gather(std::span<const asio::const_buffer> buffers) {
  const auto text = [](const asio::const_buffer& buffer) {
    return std::string_view(static_cast<const char*>(buffer.data()), buffer.size());
  };
  if (buffers.size() == 1 || buffers.front().size() >= record_bytes) return text(buffers.front());
  thread_local std::array<char, record_bytes> record;
  std::size_t size = 0;
  for (const asio::const_buffer& buffer : buffers) {
    const auto piece = text(buffer).substr(0, record.size() - size);
    if (piece.empty()) continue;
    std::memcpy(record.data() + size, piece.data(), piece.size());
    size += piece.size();
    if (size == record.size()) break;
  }
  return {record.data(), size};
}

}  // namespace

Stream& Stream::operator=(Stream&& other) noexcept {
  close();
  tls_ = std::move(other.tls_);
  socket_ = std::move(other.socket_);
  return *this;
}

Awaitable<error_code> Stream::wait_for(tls::Outcome outcome, asio::cancellation_slot stop) {
  const auto ready = outcome == tls::Outcome::wants_read ? Socket::wait_read : Socket::wait_write;
  const auto [error] = co_await socket_.async_wait(ready, asio::bind_cancellation_slot(stop, use_tuple));
  co_return error;
}

Awaitable<error_code> Stream::start_tls(tls::Engine engine) {
  tls_ = std::move(engine);
  while (true) {
    const auto outcome = tls_.handshake();
    if (outcome == tls::Outcome::done) co_return error_code{};
    if (outcome == tls::Outcome::closed || outcome == tls::Outcome::failed) {
      co_return asio::error::connection_refused;
    }
    const error_code error = co_await wait_for(outcome);
    if (error) co_return error;
  }
}

Awaitable<ReadResult> Stream::read_some(std::span<char> room) {
  if (tls_) return read_tls(room, {});
  if (const auto here = read_plain_now(room)) return come_again(*here);
  reads_in_a_row_ = 0;
  return socket_.async_read_some(ReceiveBuffer(room.data(), room.size()), use_tuple);
}

Awaitable<ReadResult> Stream::read_some(std::span<char> room, asio::cancellation_slot stop) {
  if (tls_) return read_tls(room, stop);
  if (const auto here = read_plain_now(room)) return come_again(*here);
  reads_in_a_row_ = 0;
  return socket_.async_read_some(ReceiveBuffer(room.data(), room.size()),
                                 asio::bind_cancellation_slot(stop, use_tuple));
}

std::optional<ReadResult> Stream::read_plain_now(std::span<char> room) noexcept {
  ssize_t count = 0;
  do {
    count = ::recv(socket_.native_handle(), room.data(), room.size(), MSG_DONTWAIT);
  } while (count < 0 && errno == EINTR);
  if (count > 0) return ReadResult{error_code{}, static_cast<std::size_t>(count)};
  if (count == 0) return ReadResult{asio::error::eof, 0};
  if (errno == EAGAIN || errno == EWOULDBLOCK) return std::nullopt;
  return ReadResult{error_code(errno, boost::system::system_category()), 0};
}

// Through the queue of the thread now and then: a peer that is never waited for would have it for itself.
Awaitable<ReadResult> Stream::come_again(ReadResult result) {
  if (++reads_in_a_row_ == most_reads_in_a_row) {
    reads_in_a_row_ = 0;
    co_await asio::post(socket_.get_executor(), use_tuple);
  }
  co_return result;
}

Awaitable<ReadResult> Stream::read_tls(std::span<char> room, asio::cancellation_slot stop) {
  while (true) {
    std::size_t count = 0;
    const auto outcome = tls_.read(room, count);
    if (outcome == tls::Outcome::done) {
      // A peer that is never waited for would have the thread for itself.
      if (++reads_in_a_row_ == most_reads_in_a_row) {
        reads_in_a_row_ = 0;
        co_await asio::post(socket_.get_executor(), use_tuple);
      }
      co_return ReadResult{error_code{}, count};
    }
    reads_in_a_row_ = 0;
    if (outcome == tls::Outcome::closed) co_return ReadResult{asio::error::eof, 0};
    if (outcome == tls::Outcome::failed) co_return ReadResult{asio::error::connection_reset, 0};
    const error_code error = co_await wait_for(outcome, stop);
    if (error) co_return ReadResult{error, 0};
  }
}

Awaitable<error_code> Stream::write_all(std::span<asio::const_buffer> buffers) {
  error_code error;
  while (!error && !buffers.empty()) error = co_await write_some(buffers);
  co_return error;
}

Awaitable<error_code> Stream::write_some(std::span<asio::const_buffer>& buffers) {
  return tls_ ? write_tls(buffers) : write_plain(buffers);
}

error_code Stream::write_now(std::span<asio::const_buffer>& buffers) noexcept {
  if (tls_) return {};
  while (!buffers.empty()) {
    error_code error;
    // One piece takes the cheaper of the two system calls.
    const std::size_t written =
        buffers.size() == 1 ? socket_.write_some(buffers.front(), error) : socket_.write_some(buffers, error);
    if (error == asio::error::would_block || error == asio::error::try_again) return {};
    if (error) return error;
    use_up(buffers, written);
  }
  return {};
}

Awaitable<error_code> Stream::write_plain(std::span<asio::const_buffer>& buffers) {
  const auto* const first = buffers.data();
  const std::size_t first_size = buffers.empty() ? 0 : buffers.front().size();
  while (true) {
    error_code error = write_now(buffers);
    const bool moved = buffers.empty() || buffers.data() != first || buffers.front().size() != first_size;
    if (error || moved) co_return error;
    std::tie(error) = co_await socket_.async_wait(Socket::wait_write, use_tuple);
    if (error) co_return error;
  }
}

Awaitable<error_code> Stream::write_tls(std::span<asio::const_buffer>& buffers) {
  use_up(buffers, 0);
  while (!buffers.empty()) {
    std::size_t written = 0;
    const auto outcome = tls_.write(gather(buffers), written);
    if (outcome == tls::Outcome::done) {
      use_up(buffers, written);
      break;
    }
    if (outcome == tls::Outcome::closed || outcome == tls::Outcome::failed) {
      co_return asio::error::connection_reset;
    }
    const error_code error = co_await wait_for(outcome);
    if (error) co_return error;
  }
  co_return error_code{};
}

Awaitable<std::tuple<error_code>> Stream::wait_readable() {
  // What is decrypted already, a close_notify included, does not show on the socket.
  if (tls_ && tls_.peek() != tls::Outcome::wants_read) return nothing_to_wait_for();
  return socket_.async_wait(Socket::wait_read, use_tuple);
}

Awaitable<std::tuple<error_code>> Stream::wait_writable() {
  return socket_.async_wait(Socket::wait_write, use_tuple);
}

bool Stream::quiet_and_open() noexcept {
  if (tls_) return tls_.peek() == tls::Outcome::wants_read;
  char byte;
  const auto seen = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return seen < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

bool Stream::at_end() noexcept {
  char byte;
  if (tls_) return false;
  const auto seen = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return seen == 0 || (seen < 0 && errno != EAGAIN && errno != EWOULDBLOCK);
}

void Stream::send_promptly() noexcept {
  const int on = 1;
  ::setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &most_unsent, sizeof most_unsent);
}

Awaitable<> Stream::finish_sending() {
  error_code error;
  while (!error && tls_ && tls_.close_notify() == tls::Outcome::wants_write) {
    error = co_await wait_for(tls::Outcome::wants_write);
  }
  socket_.shutdown(Socket::shutdown_send, error);
}

void Stream::cancel() noexcept {
  error_code ignored;
  socket_.cancel(ignored);
}

void Stream::close() noexcept {
  if (!socket_.is_open()) return;
  if (tls_) tls_.close_notify();
  // It knows the descriptor's number, which may be another connection's from now on.
  tls_ = tls::Engine();
  error_code ignored;
  socket_.close(ignored);
}

void Stream::reset_on_close() noexcept {
  tls_ = tls::Engine();
  const linger at_once{1, 0};
  ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

}  // namespace postern::transport
