#pragma once
// One thread's connections to the upstream: idle ones kept for a short while, new ones made to the addresses
// that the upstream's name has now.

#include <boost/asio/ip/basic_resolver.hpp>
#include <optional>
#include <vector>

#include "config/config.hpp"
#include "net/asio.hpp"
#include "net/deadline.hpp"

namespace postern::net {

class UpstreamPool final : private Timed {
 public:
  UpstreamPool(const Executor& executor, Deadlines& deadlines, config::Endpoint upstream,
               Clock::duration idle_timeout);

  // The idle connection used last, if one is still good.
  std::optional<Socket> take_idle();
  // For another request, after a response that ended cleanly.
  void give_back(Socket socket);

  // Opens `socket` to the first address that answers, each in turn within `timeout`; `timed` is armed with
  // Phase::connect for each try and is to cancel the socket. False when none answered or the name has no
  // address.
  Awaitable<bool> connect(Socket& socket, Timed& timed, Clock::duration timeout);

  void close_idle() { idle_.clear(); }

 private:
  using Endpoints = std::vector<Protocol::endpoint>;
  static constexpr std::chrono::seconds resolve_again_after{30};
  static constexpr std::size_t most_idle = 256;
  // When a literal address or a socket's path was looked up: it never needs to be.
  static constexpr Clock::time_point never_again = Clock::time_point::max();

  struct Idle {
    Socket socket;
    Clock::time_point since;
  };

  void on_deadline(Phase phase) override;
  void on_drain() override { close_idle(); }
  // Starts a look-up unless one is under way; wakes those that wait for its end.
  void refresh_addresses();
  Awaitable<> wait_for_addresses(Clock::duration at_most);

  Executor executor_;
  Deadlines& deadlines_;
  config::Endpoint upstream_;
  Clock::duration idle_timeout_;
  std::vector<Idle> idle_;  // oldest first

  asio::ip::basic_resolver<asio::ip::tcp, Executor> resolver_;
  std::vector<Timer*> waiting_;
  bool resolving_ = false;
  Clock::time_point resolved_at_{};
  Endpoints addresses_;
};

}  // namespace postern::net
