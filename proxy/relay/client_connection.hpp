#pragma once
// One client's connection and what it holds for the request at hand: the two streams, the buffers, and the
// one deadline that both share.

#include <memory>
#include <optional>
#include <string>

#include "relay/exchange/close_reason.hpp"
#include "relay/exchange/exchange_plan.hpp"
#include "relay/interruption.hpp"
#include "relay/relay_context.hpp"
#include "transport/peer.hpp"
#include "transport/stream.hpp"

namespace postern::relay {

class ClientConnection final : public transport::Timed {
 public:
  ClientConnection(RelayContext& context, transport::Stream client, const transport::Peer& peer);
  ~ClientConnection();

  // Arms the deadline. While a body moves the token's end counts too, where the settings ask for that.
  void wait_at_most(transport::DeadlineKind kind, transport::Clock::duration duration) noexcept;
  // The same with the patience that the settings have for such a wait.
  void wait(Patience patience) noexcept;
  // Why what was waited for was called off; none if it was not. Known until forget_interruption().
  [[nodiscard]] Interruption interrupted() const noexcept { return interruption_; }
  void forget_interruption() noexcept { interruption_ = Interruption::none; }
  void end_streams_at(std::int64_t unix_seconds) noexcept;
  void end_streams_now() noexcept;
  void forget_stream_end() noexcept { streams_end_.reset(); }
  // A wait that is no read or write ends with this timer; null: there is none.
  void wakes(transport::Timer* timer) noexcept { waker_ = timer; }
  // Of this TLS connection, computed once; empty: the client showed none.
  [[nodiscard]] token::ClientCertificate certificate();

  // Whatever either side waits for ends; the client can still be told something.
  void call_off() noexcept;
  void close_upstream() noexcept;
  // What ends with a word to both sides, while it lives; null: nothing.
  void set_closable(Closable* closable) noexcept { closable_ = closable; }

  void on_deadline(transport::DeadlineKind kind) override;
  void on_drain() override;
  void on_cut(transport::Cut how) override;
  [[nodiscard]] int watched_descriptor() noexcept override;
  void on_watched(short events) override;

  RelayContext& context;
  transport::Stream client;
  UpstreamPool::Connection upstream;  // null: none
  transport::Peer peer;
  std::unique_ptr<RequestBuffers> buffers;  // null while idle
  bool idle = false;                        // waits for the next request

 private:
  void interrupt(Interruption why) noexcept;

  transport::DeadlineKind waiting_for_ = transport::DeadlineKind::none;
  Interruption interruption_ = Interruption::none;
  Closable* closable_ = nullptr;
  transport::Timer* waker_ = nullptr;
  struct Certificate {
    std::string thumbprint;  // empty: none
    std::int64_t not_after = 0;
  };
  std::optional<Certificate> certificate_;
  std::optional<transport::Clock::time_point> streams_end_;
};

}  // namespace postern::relay
