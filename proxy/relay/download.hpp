#pragma once
// The response's way, from the upstream to the client.

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "relay/client_connection.hpp"
#include "relay/exchange_plan.hpp"
#include "relay/spliced_body.hpp"
#include "relay/upload.hpp"

namespace postern::relay {

class Download {
 public:
  // What of the request shows in the response.
  struct Request {
    std::string_view id;
    bool bearer_subprotocol = false;
  };

  Download(ClientConnection& connection, ExchangePlan& plan, const Upload& upload, const Request& request);

  // Beside the upload: the response may begin, and even end, before the request does.
  transport::Awaitable<> run();

  // The steps of it. Each returns what the plan says of how it ended.
  transport::Awaitable<Action> read_head();
  // The head goes out with what is here of the body. Most responses are over then, and no coroutine is begun
  // for them; go_on: there is more, for relay_rest().
  [[nodiscard]] Action relay_at_once();
  transport::Awaitable<Action> relay_rest();
  transport::Awaitable<Action> run_tunnel();

  // Of the body, as sent.
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::uint64_t tunnel_bytes_in() const noexcept { return tunnel_bytes_in_; }
  // Its body went on behind what came with the head, or it became a websocket.
  [[nodiscard]] bool is_stream() const noexcept { return stream_; }
  // What the system says of how its connection failed; empty: nothing.
  [[nodiscard]] std::string upstream_problem() const;
  // From the first byte sent to the final head.
  [[nodiscard]] transport::Clock::duration upstream_time() const noexcept { return upstream_time_; }

 private:
  Action on_head();
  transport::Awaitable<Action> pass_interim();
  void drop_head();
  // Nothing was read: what that means.
  Action on_read_error(const transport::error_code& error) noexcept;
  void note_read(std::size_t count) noexcept;
  transport::Awaitable<Action> read_more();
  transport::Awaitable<Action> write_client(std::span<transport::asio::const_buffer> pieces);
  void write_client_head();
  void gather_sized() noexcept;
  bool gather_chunked();  // false: the next bytes are no chunk
  transport::Awaitable<Action> relay_sized();
  transport::Awaitable<Action> relay_spliced(SplicedBody& body);
  transport::Awaitable<Action> relay_chunked();
  transport::Awaitable<Action> relay_until_close();

  ClientConnection& connection_;
  RequestBuffers& buffers_;
  ExchangePlan& plan_;
  const Upload& upload_;
  const Request request_;
  std::uint64_t left_ = 0;  // Content-Length bytes still to gather
  std::uint64_t bytes_ = 0;
  std::uint64_t tunnel_bytes_in_ = 0;
  std::span<transport::asio::const_buffer> pieces_;  // to be written, in buffers_.down
  std::array<char, 20> chunk_header_;
  http::BodyStep::State chunks_ = http::BodyStep::State::data;
  bool stream_ = false;
  transport::error_code read_error_;
  transport::Clock::duration upstream_time_{};
};

}  // namespace postern::relay
