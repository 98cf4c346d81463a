#pragma once
// Deadlines without a timer per read: each connection holds one, setting it is a store, and a sweep per
// thread looks at all of them a few times a second. So a deadline fires up to one tick late; early, by
// milliseconds, only where the kernel's own clock lagged more than CoarseClock allows for. The same sweep
// looks at the peers of connections on which nothing has moved for a while, many in one system call.

#include <poll.h>

#include <boost/intrusive/list.hpp>
#include <cstdint>
#include <ctime>
#include <optional>
#include <vector>

#include "transport/asio.hpp"

namespace postern::transport {

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

// What a deadline was armed for. Why a connection was ended is told by its owner, in a list of its own.
enum class DeadlineKind : std::uint8_t {
  none,
  idle,      // the next request
  head,      // the rest of a head, or what comes before the first one
  connect,   // a connection to the upstream
  upload,    // the upstream takes more of a request
  response,  // the upstream answers
  stream,    // the next byte of a body or a websocket
  quiet,     // the same, to do with less memory from then on
  token,     // the token ends
  linger,    // the peer ends its side
  key,       // a key that may verify a token
};

// How much a connection may still say when the process ends it.
enum class Cut : std::uint8_t { after_farewell, at_once };

class Deadlines;

// Base of whatever has a deadline.
class Timed
    : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  // Called once per tick until a later deadline is set.
  virtual void on_deadline(DeadlineKind kind) = 0;
  // The process is draining: end now if idle.
  virtual void on_drain() = 0;
  // The process ends: called at each tick until this object is gone.
  virtual void on_cut(Cut how) = 0;

  // The socket whose peer is to be looked at while nothing moves; -1: none.
  [[nodiscard]] virtual int watched_descriptor() noexcept { return -1; }
  // What poll() said of it: some of POLLIN, POLLRDHUP, POLLHUP and POLLERR.
  virtual void on_watched(short events);

  void arm(DeadlineKind kind, Clock::duration from_now) noexcept;
  void disarm() noexcept { expiry_ = CoarseClock::time_point::max(); }

 protected:
  Timed() = default;
  ~Timed() = default;
  Timed(const Timed&) = delete;
  Timed& operator=(const Timed&) = delete;

 private:
  friend class Deadlines;
  DeadlineKind kind_ = DeadlineKind::none;
  CoarseClock::time_point armed_at_{};
  CoarseClock::time_point expiry_ = CoarseClock::time_point::max();
};

// One per thread, used on that thread only.
class Deadlines {
 public:
  static constexpr std::chrono::milliseconds tick{100};
  // A connection whose deadline was armed this long ago is silent. Silent ones are looked at every
  // `ticks_between_looks`, so that a peer's leaving is known well within a second.
  static constexpr std::chrono::milliseconds silent_after{100};
  static constexpr unsigned ticks_between_looks = 4;

  explicit Deadlines(const Executor& executor) : timer_(executor) {}

  // The object must outlive its membership, which ends with it.
  void add(Timed& timed);
  [[nodiscard]] bool empty() const noexcept { return members_.empty(); }
  void drain_all();
  // Tells every member so, now and at each tick until none is left: what an ended operation leads to ends
  // too.
  void cut_all(Cut how);
  // No further ticks.
  void stop() { timer_.cancel(); }

 private:
  using Members = boost::intrusive::list<Timed, boost::intrusive::constant_time_size<false>>;
  void schedule();
  void sweep();
  void look_at_silent_ones(CoarseClock::time_point now);
  // Calls `visit` on each member; a visit may end members, itself included.
  template <class Visit>
  void for_each(Visit visit);

  Members members_;
  Timer timer_;
  bool ticking_ = false;
  unsigned ticks_ = 0;
  std::optional<Cut> cut_;
  std::vector<pollfd> descriptors_;
  std::vector<Timed*> silent_;  // in the order of descriptors_
};

}  // namespace postern::transport
