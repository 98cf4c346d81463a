#pragma once
// A connection's bytes, as they are or under TLS. Who reads and writes does not see which.

#include <optional>
#include <span>
#include <string>
#include <tuple>

#include "tls/engine.hpp"
#include "transport/asio.hpp"
#include "transport/receive_buffer.hpp"

namespace postern::transport {

using ReadResult = std::tuple<error_code, std::size_t>;  // bytes read: at least one, or an error

class Stream {
 public:
  // Of a connected, non-blocking socket.
  explicit Stream(Socket socket) noexcept : socket_(std::move(socket)) {}
  // Not open.
  explicit Stream(const Executor& executor) : socket_(executor) {}
  ~Stream() { close(); }
  Stream(Stream&&) noexcept = default;
  // The old connection is closed.
  Stream& operator=(Stream&& other) noexcept;

  [[nodiscard]] bool is_open() const noexcept { return socket_.is_open(); }
  [[nodiscard]] bool is_encrypted() const noexcept { return static_cast<bool>(tls_); }
  // For what happens below the bytes: connecting, options.
  [[nodiscard]] Socket& socket() noexcept { return socket_; }
  [[nodiscard]] const tls::Engine& tls() const noexcept { return tls_; }

  // The TLS handshake; from then on every byte is under TLS. `engine` was made for this socket's descriptor.
  Awaitable<error_code> start_tls(tls::Engine engine);

  // eof only when the peer ended its side properly: under TLS, with close_notify (RFC 8446 6.1).
  Awaitable<ReadResult> read_some(std::span<char> room);
  // The same for bytes that are not expected to be here yet; to be awaited at once, and not under TLS. It
  // begins with the wait, which saves the system call that would find nothing, and the frame of a coroutine.
  // An end that came together with the bytes of the last read may stay unseen, so only for connections that
  // are looked at again: by quiet_and_open() just now, or by Deadlines.
  auto read_awaited(std::span<char> room) {
    reads_in_a_row_ = 0;
    return socket_.async_read_some(ReceiveBuffer(room.data(), room.size()), asio::as_tuple(asio::deferred));
  }
  // `stop` ends the wait for bytes, and no write beside it, with operation_aborted.
  Awaitable<ReadResult> read_some(std::span<char> room, asio::cancellation_slot stop);
  // What the socket takes at once of several buffers in order; uses the elements up and leaves the others,
  // for write_all(). Nearly everything leaves so, and no coroutine is begun for it. Under TLS: nothing.
  error_code write_now(std::span<asio::const_buffer>& buffers) noexcept;
  // Some of them, at least a byte, waiting until the socket takes that; uses the elements up.
  Awaitable<error_code> write_some(std::span<asio::const_buffer>& buffers);
  // All of several buffers in order, waiting only while the socket takes no more; uses the elements up. After
  // an error under TLS nothing more can be written.
  Awaitable<error_code> write_all(std::span<asio::const_buffer> buffers);
  // Until there may be something to read, or the end.
  Awaitable<std::tuple<error_code>> wait_readable();
  // Until the socket takes more. Not under TLS.
  Awaitable<std::tuple<error_code>> wait_writable();

  // Whether an idle connection may carry another request: still open, and nothing unasked has come in. Bytes
  // that nobody asked for would be taken for the answer to the next request.
  [[nodiscard]] bool quiet_and_open() noexcept;
  // The peer has ended its side or reset the connection, and all that came before is read. Not under TLS.
  [[nodiscard]] bool at_end() noexcept;

  [[nodiscard]] int descriptor() noexcept { return socket_.native_handle(); }
  // Under TLS: close_notify is here. What came before it stays to be read.
  [[nodiscard]] bool peer_has_closed() noexcept { return tls_ && tls_.peek() == tls::Outcome::closed; }

  // Small writes leave at once (TCP_NODELAY), and the kernel takes no more than is about to be sent
  // (TCP_NOTSENT_LOWAT); no effect on unix sockets.
  void send_promptly() noexcept;
  // The peer hears that no more will come, once the socket takes that too.
  Awaitable<> finish_sending();
  // Pending operations end with operation_aborted.
  void cancel() noexcept;
  void close() noexcept;
  // The next close() resets the connection, so that the peer does not take what it has for the whole.
  void reset_on_close() noexcept;

 private:
  // What is here already; nothing: it has to be waited for.
  std::optional<ReadResult> read_plain_now(std::span<char> room) noexcept;
  Awaitable<ReadResult> come_again(ReadResult result);
  Awaitable<ReadResult> read_tls(std::span<char> room, asio::cancellation_slot stop);
  Awaitable<error_code> write_plain(std::span<asio::const_buffer>& buffers);
  Awaitable<error_code> write_tls(std::span<asio::const_buffer>& buffers);
  Awaitable<error_code> wait_for(tls::Outcome outcome, asio::cancellation_slot stop = {});

  static constexpr unsigned most_reads_in_a_row = 8;

  Socket socket_;
  tls::Engine tls_;
  unsigned reads_in_a_row_ = 0;
};

}  // namespace postern::transport
