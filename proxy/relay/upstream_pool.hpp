#pragma once
// One thread's connections to the upstream: idle ones kept for a short while, new ones made.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "observe/metrics/metrics.hpp"
#include "transport/connector.hpp"
#include "transport/stream.hpp"
#include "transport/timeouts.hpp"

namespace postern::relay {

struct UpstreamConnection {
  explicit UpstreamConnection(const transport::Executor& executor) : stream(executor) {}
  UpstreamConnection(const UpstreamConnection&) = delete;
  UpstreamConnection& operator=(const UpstreamConnection&) = delete;
  ~UpstreamConnection();

  // Counted as this from now on, until it is gone. `thread` is that of the connection.
  void count_as(observe::WorkerMetrics& thread, observe::ConnectionState now) noexcept;

  transport::Stream stream;
  transport::Connector::Address address;
  std::uint64_t user = 0;  // a hash of the uid that it served last; 0: nobody's
  transport::CoarseClock::time_point idle_since{};

 private:
  observe::WorkerMetrics* counted_by_ = nullptr;
  observe::ConnectionState state_ = observe::ConnectionState::idle;
};

using UpstreamConnections = std::vector<std::unique_ptr<UpstreamConnection>>;

// A service may go on working behind an answer, and whoever comes next on that connection waits for it. So
// the newest that is the user's own or has rested so long is preferred, then the oldest.
inline constexpr std::chrono::seconds rested_after{1};
// Where in `idle`, which is not empty and begins with the oldest, the connection is that `user` gets.
std::size_t choose_idle(const UpstreamConnections& idle, std::uint64_t user,
                        transport::CoarseClock::time_point now) noexcept;

class UpstreamPool final : private transport::Timed {
 public:
  using Connection = std::unique_ptr<UpstreamConnection>;

  // Null `context`: plain HTTP. `idle_timeout` 0: no connection is used twice.
  UpstreamPool(const transport::Executor& executor, transport::Deadlines& deadlines,
               config::Endpoint upstream, tls::Context context, transport::Clock::duration idle_timeout);

  [[nodiscard]] bool reuses() const noexcept { return idle_timeout_.count() > 0; }
  // An idle connection that is still good, or null.
  Connection take_idle(std::uint64_t user);
  // For another request, after a response that ended in order.
  void give_back(Connection connection);

  transport::Connector& connector() noexcept { return connector_; }
  void use_context(tls::Context context);
  void close_idle() { idle_.clear(); }

 private:
  static constexpr std::size_t most_idle = 256;

  void on_deadline(transport::DeadlineKind kind) override;
  void on_drain() override { close_idle(); }
  void on_cut(transport::Cut) override { close_idle(); }
  void drop_left_addresses();

  transport::Deadlines& deadlines_;
  transport::Connector connector_;
  transport::Clock::duration idle_timeout_;
  UpstreamConnections idle_;  // oldest first
};

}  // namespace postern::relay
