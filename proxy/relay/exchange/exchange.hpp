#pragma once
// One request forwarded and its response relayed: both bodies stream through fixed buffers, each side as fast
// as the other takes it. It carries out what its plan decides.

#include <cstdint>
#include <optional>
#include <string_view>

#include "gate/judge.hpp"
#include "relay/client_connection.hpp"
#include "relay/exchange/download.hpp"
#include "relay/exchange/exchange_plan.hpp"
#include "relay/exchange/upload.hpp"

namespace postern::relay {

class Exchange {
 public:
  struct Result {
    Outcome outcome;
    std::string_view reason;     // static, or the buffers'
    unsigned status = 0;         // relayed to the client; 0: none was
    std::uint64_t bytes_in = 0;  // of the bodies
    std::uint64_t bytes_out = 0;
    transport::Clock::duration upstream_time{};
    transport::Clock::duration connect_time{};     // spent on making a connection
    transport::Clock::time_point sent_at{};        // the request's first byte; none was: the origin
    std::optional<observe::StreamEnd> stream_end;  // it had become a stream
  };

  // All of them outlive it.
  Exchange(ClientConnection& connection, const gate::Verdict& verdict, std::string_view request_id);
  // result() is known then. The exchange must outlive the coroutine.
  transport::Awaitable<> run();
  [[nodiscard]] Result result() const noexcept;

 private:
  void write_upstream_head();
  [[nodiscard]] Action take_idle();
  transport::Awaitable<Action> connect();
  transport::Awaitable<> run_whole();
  transport::Awaitable<> run_streaming();
  void finish();

  ClientConnection& connection_;
  RequestBuffers& buffers_;  // until a tunnel has taken others; connection_ knows which
  const gate::Verdict& verdict_;
  std::string_view request_id_;
  ExchangePlan plan_;
  Upload upload_;
  Download download_;
  Outcome outcome_;
  transport::Clock::duration connect_time_{};
};

}  // namespace postern::relay
