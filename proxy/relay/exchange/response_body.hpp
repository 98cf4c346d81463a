#pragma once
// A response's body on its way from the upstream to the client: of known length, chunked, or until the
// connection ends.

#include <array>
#include <cstdint>
#include <span>

#include "relay/client_connection.hpp"
#include "relay/exchange/exchange_plan.hpp"
#include "relay/exchange/spliced_body.hpp"
#include "relay/exchange/upstream_reader.hpp"

namespace postern::relay {

class ResponseBody {
 public:
  ResponseBody(ClientConnection& connection, ExchangePlan& plan, UpstreamReader& upstream) noexcept;

  // `buffers.to_client` holds the head, which goes out with what is here of the body. Most responses are over
  // then, and no coroutine is begun for them; go_on: there is more, for relay_rest().
  [[nodiscard]] Action relay_at_once();
  transport::Awaitable<Action> relay_rest();
  // All of `pieces`; go_on, or what the plan says of the failure.
  transport::Awaitable<Action> write(std::span<transport::asio::const_buffer> pieces);

  // As sent.
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
  // It went on behind what came with the head.
  [[nodiscard]] bool is_stream() const noexcept { return stream_; }

 private:
  transport::Awaitable<Action> read_more();
  void gather_sized() noexcept;
  bool gather_chunked();  // false: the next bytes are no chunk
  transport::Awaitable<Action> relay_sized();
  transport::Awaitable<Action> relay_spliced(SplicedBody& body);
  transport::Awaitable<Action> relay_chunked();
  transport::Awaitable<Action> relay_until_close();

  ClientConnection& connection_;
  RequestBuffers& buffers_;
  ExchangePlan& plan_;
  UpstreamReader& upstream_;
  std::uint64_t left_ = 0;  // Content-Length bytes still to gather
  std::uint64_t bytes_ = 0;
  std::span<transport::asio::const_buffer> pieces_;  // to be written, in buffers_.down
  std::array<char, 20> chunk_header_;
  http::BodyStep::State chunks_ = http::BodyStep::State::data;
  bool stream_ = false;
};

}  // namespace postern::relay
