#pragma once
// The request's way, from the client to the upstream.

#include <array>
#include <cstdint>
#include <span>

#include "relay/client_connection.hpp"
#include "relay/exchange/exchange_plan.hpp"
#include "relay/exchange/spliced_body.hpp"

namespace postern::relay {

class Upload {
 public:
  // `buffers->to_upstream` is to hold the head for the upstream when it begins.
  Upload(ClientConnection& connection, ExchangePlan& plan);

  // The request is here whole, body included.
  [[nodiscard]] bool is_whole() const noexcept;

  // The head and as much of a Content-Length body as is here leave in one write, nearly always at once: then
  // what becomes of that. go_on: there is more, for send_rest().
  Action send_first() noexcept;
  transport::Awaitable<Action> send_rest();
  // The rest of the body, as it comes.
  transport::Awaitable<> run();
  // What send_first() left of the client's bytes is the next request's.
  void take_whole_body() noexcept;

  // Of the body, as received.
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] transport::Clock::time_point sent_at() const noexcept { return sent_at_; }

 private:
  Action on_first_write(const transport::error_code& error, bool nothing_left) noexcept;
  transport::Awaitable<bool> read_more_body();
  void on_client_failed() noexcept;
  transport::Awaitable<Action> send_spliced(SplicedBody& body);
  void gather_sized() noexcept;
  [[nodiscard]] bool gather_chunked();
  transport::Awaitable<transport::error_code> send(std::span<transport::asio::const_buffer> pieces);

  ClientConnection& connection_;
  RequestBuffers& buffers_;
  ExchangePlan& plan_;
  const std::size_t head_size_;
  std::uint64_t body_left_ = 0;  // Content-Length bytes still to send
  std::uint64_t bytes_ = 0;
  std::size_t taken_ = 0;                          // bytes of from_client that the pieces stand for
  bool gathered_ = false;                          // the body's last piece is among them
  std::span<transport::asio::const_buffer> left_;  // to be written, in buffers_.up
  std::array<char, 20> chunk_header_;
  transport::Clock::time_point sent_at_{};
};

}  // namespace postern::relay
