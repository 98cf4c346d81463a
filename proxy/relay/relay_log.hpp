#pragma once
// What one thread has to say of its requests and connections.

#include <optional>
#include <string_view>

#include "observe/log/log.hpp"
#include "observe/log/log_sample.hpp"
#include "transport/connector.hpp"
#include "transport/peer.hpp"
#include "transport/timeouts.hpp"

namespace postern::relay {

class RelayLog {
 public:
  // `log` outlives it; `sample` is the share of successes that is logged, 0 to 1.
  RelayLog(observe::Log& log, double sample) : log_(log), records_(log.add_queue()), sample_(sample) {}

  // `record` may be changed by the sampling.
  void record(observe::AccessRecord& record) noexcept;
  // No request came of it: not let in, or no TLS.
  void refused_connection(const transport::Peer& peer, std::string_view problem);
  // Out of memory or a mistake of ours: that connection is lost, and somebody should know.
  void failed_connection(std::string_view problem);
  // Nothing takes a connection there: said once in a while, however many requests meet it.
  void unreachable(const transport::Connector::Failure& failure);

 private:
  observe::Log& log_;
  observe::RecordQueue& records_;
  observe::LogSample sample_;
  std::optional<transport::CoarseClock::time_point> unreachable_said_at_;
};

}  // namespace postern::relay
