#include "relay/relay_log.hpp"

namespace postern::relay {
namespace {

constexpr std::chrono::seconds unreachable_again_after{10};

}  // namespace

void RelayLog::record(observe::AccessRecord& record) noexcept {
  if (!sample_.takes(record) || !log_.wants(record)) return;
  records_.push(record);
  log_.wake();
}

void RelayLog::refused_connection(const transport::Peer& peer, std::string_view problem) {
  log_.event(observe::Level::debug, "connection refused", {{"peer", peer.address()}, {"problem", problem}});
}

void RelayLog::failed_connection(std::string_view problem) {
  log_.event(observe::Level::error, "connection failed", {{"problem", problem}});
}

void RelayLog::unreachable(const transport::Connector::Failure& failure) {
  const auto now = transport::CoarseClock::now();
  if (unreachable_said_at_ && now - *unreachable_said_at_ < unreachable_again_after) return;
  unreachable_said_at_ = now;
  log_.event(observe::Level::warn, "upstream unreachable",
             {{"reason", failure.reason}, {"address", failure.address}, {"problem", failure.problem}});
}

}  // namespace postern::relay
