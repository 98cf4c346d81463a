#pragma once
// One thread's connections to the upstream: idle ones kept for a short while, new ones made to the addresses
// that the upstream's name has now.

#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "net/deadline.hpp"
#include "net/name_lookup.hpp"
#include "net/stream.hpp"

namespace postern::net {

class UpstreamPool final : private Timed {
 public:
  // Null `context`: plain HTTP.
  UpstreamPool(const Executor& executor, Deadlines& deadlines, config::Endpoint upstream,
               tls::Context context, Clock::duration idle_timeout);

  // The idle connection used last, if one is still good.
  std::optional<Stream> take_idle();
  // For another request, after a response that ended cleanly.
  void give_back(Stream stream);

  // Opens `stream` to the first address that answers, TLS included, each in turn within `timeout`; `timed` is
  // armed with Phase::connect for each try and is to close the stream. Where none answers, the name is looked
  // up anew: its owner may have moved. Returns what went wrong, for the log; empty: nothing.
  Awaitable<std::string> connect(Stream& stream, Timed& timed, Clock::duration timeout);

  void use_context(tls::Context context);
  // Nobody waits for a look-up any more.
  void stop_waiting();
  void close_idle() { idle_.clear(); }

 private:
  using Endpoints = NameLookup::Addresses;
  static constexpr std::chrono::seconds resolve_again_after{30};
  // Where nothing answers, and a look-up has brought nothing new.
  static constexpr std::chrono::seconds look_again_after{1};
  static constexpr std::size_t most_idle = 256;

  struct Idle {
    Stream stream;
    CoarseClock::time_point since;
  };

  void on_deadline(Phase phase) override;
  void on_drain() override { close_idle(); }
  // Starts a look-up unless one is under way; wakes those that wait for its end.
  void refresh_addresses();
  void use_addresses(Endpoints found);
  Awaitable<> wait_for_addresses(Clock::duration at_most);
  Awaitable<std::string> connect_to_one_of(Endpoints addresses, Stream& stream, Timed& timed,
                                           Clock::duration timeout);
  Awaitable<std::string> start_tls(Stream& stream);

  Executor executor_;
  Deadlines& deadlines_;
  config::Endpoint upstream_;
  tls::Context context_;
  tls::Session session_;  // resumed by the next connection
  Clock::duration idle_timeout_;
  std::vector<Idle> idle_;  // oldest first

  NameLookup lookup_;
  std::vector<Timer*> waiting_;
  bool may_wait_ = true;
  bool named_ = false;  // not a literal address, not a socket's path
  std::optional<Clock::time_point> resolved_at_;
  Clock::time_point look_again_from_{};
  Endpoints addresses_;  // the one that answered last comes first
};

}  // namespace postern::net
