#pragma once
// Deadlines without a timer per read: each connection holds one, setting it is a store, and a sweep per
// thread looks at all of them a few times a second. So a deadline fires up to one tick late; early, by
// milliseconds, only where the kernel's own clock lagged more than CoarseClock allows for.

#include <boost/intrusive/list.hpp>
#include <cstdint>
#include <ctime>

#include "net/asio.hpp"

namespace postern::net {

// The steady clock as the kernel last noted it: two of its ticks behind at the most as a rule, and read
// several times a request at a quarter of the cost.
struct CoarseClock {
  using duration = Clock::duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<CoarseClock>;
  static constexpr bool is_steady = true;
  static constexpr std::chrono::milliseconds lag{20};  // with 100 ticks a second, the fewest there are

  static time_point now() noexcept {
    std::timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return time_point(std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
  }
};

// An idle connection's next request may be on its way when the process is told to end.
inline constexpr std::chrono::seconds request_while_draining{1};

// What a connection is waiting for when its deadline passes.
enum class Phase : std::uint8_t { none, idle, head, connect, response, stream, token, linger, drained };

class Deadlines;

// Base of whatever has a deadline. on_deadline() is called once per tick until a later deadline is set.
class Timed
    : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  virtual void on_deadline(Phase phase) = 0;
  // The process is draining: end now if idle.
  virtual void on_drain() = 0;

  void arm(Phase phase, Clock::duration from_now) noexcept;
  void disarm() noexcept { expiry_ = CoarseClock::time_point::max(); }

 protected:
  Timed() = default;
  ~Timed() = default;
  Timed(const Timed&) = delete;
  Timed& operator=(const Timed&) = delete;

 private:
  friend class Deadlines;
  Phase phase_ = Phase::none;
  CoarseClock::time_point expiry_ = CoarseClock::time_point::max();
};

// One per thread, used on that thread only.
class Deadlines {
 public:
  static constexpr std::chrono::milliseconds tick{100};

  explicit Deadlines(const Executor& executor) : timer_(executor) {}

  // The object must outlive its membership, which ends with it.
  void add(Timed& timed);
  [[nodiscard]] bool empty() const noexcept { return members_.empty(); }
  void drain_all();
  // Tells every member so, now and at each tick until none is left: what an ended operation leads to ends
  // too. Phase::drained leaves a moment for a farewell, Phase::linger does not.
  void end_all(Phase how);
  // No further ticks.
  void stop() { timer_.cancel(); }

 private:
  using Members = boost::intrusive::list<Timed, boost::intrusive::constant_time_size<false>>;
  void schedule();
  // Calls `visit` on each member; a visit may end members, itself included.
  template <class Visit>
  void for_each(Visit visit);

  Members members_;
  Timer timer_;
  bool ticking_ = false;
  Phase ending_ = Phase::none;
};

}  // namespace postern::net
