#pragma once
// The response's way, from the upstream to the client.

#include <cstdint>
#include <string_view>

#include "relay/client_connection.hpp"
#include "relay/exchange/exchange_plan.hpp"
#include "relay/exchange/response_body.hpp"
#include "relay/exchange/upload.hpp"

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

  // Of the last response whose head is here; 0: none.
  [[nodiscard]] unsigned status() const noexcept { return status_; }
  // Of the body, as sent.
  [[nodiscard]] std::uint64_t bytes() const noexcept { return tunneled_ ? tunnel_bytes_out_ : body_.bytes(); }
  [[nodiscard]] std::uint64_t tunnel_bytes_in() const noexcept { return tunnel_bytes_in_; }
  // Its body went on behind what came with the head, or it became a websocket.
  [[nodiscard]] bool is_stream() const noexcept { return tunneled_ || body_.is_stream(); }
  // What the system says of how its connection failed; empty: nothing.
  [[nodiscard]] std::string upstream_problem() const { return upstream_.problem(); }
  // From the first byte sent to the final head.
  [[nodiscard]] transport::Clock::duration upstream_time() const noexcept { return upstream_time_; }

 private:
  Action on_head();
  transport::Awaitable<Action> pass_interim();
  void drop_head();
  void write_client_head();

  ClientConnection& connection_;
  RequestBuffers& buffers_;
  ExchangePlan& plan_;
  const Upload& upload_;
  const Request request_;
  UpstreamReader upstream_;
  ResponseBody body_;
  std::uint64_t tunnel_bytes_in_ = 0;
  std::uint64_t tunnel_bytes_out_ = 0;
  unsigned status_ = 0;
  bool tunneled_ = false;
  transport::Clock::duration upstream_time_{};
};

}  // namespace postern::relay
