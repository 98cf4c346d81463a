#pragma once
// The end of serving, as the admin side and the signals see it.

#include <cstdint>
#include <functional>

#include "transport/asio.hpp"

namespace postern::admin {

enum class DrainPhase : std::uint8_t {
  serving,
  announced,  // serves as ever and says that it is not ready
  refusing,   // no new connections; requests in flight finish
  empty,      // the last connection is gone
};

// Phases come one after the other and never go back. Used by the thread of its context alone.
class Drain {
 public:
  using Duration = transport::Clock::duration;

  // Told of each announcement that counts, and once that no new connections are to be taken any more.
  struct Listener {
    std::function<void(Duration after)> announced;
    std::function<void()> begin;
  };

  Drain(transport::asio::io_context& context, Listener listener);

  [[nodiscard]] DrainPhase phase() const noexcept { return phase_; }
  // Unready from now on, and refusing `after` that; of several announcements the earliest end counts.
  void announce(Duration after);
  void begin();
  void note_empty();

  // Until that phase has come.
  transport::Awaitable<> reached(DrainPhase phase);

 private:
  void enter(DrainPhase phase);

  Listener listener_;
  DrainPhase phase_ = DrainPhase::serving;
  transport::Timer begins_;
  transport::Timer changed_;  // cancelled at each change
};

}  // namespace postern::admin
