#pragma once
// What the connections of one thread share. Threads share nothing but immutable settings and a few counters:
// no lock is taken on the way of a request.

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "gate/rates.hpp"
#include "gate/shadow.hpp"
#include "observe/metrics/metrics.hpp"
#include "observe/metrics/shared_metrics.hpp"
#include "relay/connection_count.hpp"
#include "relay/http_date.hpp"
#include "relay/key_source.hpp"
#include "relay/relay_log.hpp"
#include "relay/request_buffers.hpp"
#include "relay/request_ids.hpp"
#include "relay/settings.hpp"
#include "relay/thread_keys.hpp"
#include "relay/upstream_pool.hpp"
#include "token/keyed_hash.hpp"
#include "transport/accept_handshake.hpp"
#include "transport/splice_pipe.hpp"
#include "transport/timeouts.hpp"

namespace postern::relay {

// What all threads count together.
struct Shared {
  // Throws std::runtime_error when OpenSSL offers no random bytes.
  explicit Shared(const Settings& settings);

  std::atomic<std::size_t> connections{0};  // served, not those turned away
  std::atomic<bool> draining{false};
  KeySource* key_source = nullptr;  // set before threads begin; null: no key is ever fetched
  const token::KeyedHash hash = token::KeyedHash::random();  // of uids and tokens
  gate::Rates rates;
  gate::ShadowWindow shadow;
  observe::Metrics metrics;  // a block for each thread
  observe::SharedMetrics events{0};
};

class RelayContext {
 public:
  // All of them outlive it, but for the keys.
  RelayContext(const transport::Executor& executor, const Settings& settings, const Keys& keys,
               observe::Log& log, Shared& shared);

  [[nodiscard]] bool draining() const noexcept { return shared_.draining.load(std::memory_order_relaxed); }
  // Whether refusals for want of a right are forwarded at that moment.
  [[nodiscard]] bool in_shadow(std::int64_t unix_seconds) noexcept {
    return shared_.shadow.open(unix_seconds);
  }
  [[nodiscard]] gate::Rates& rates() const noexcept { return shared_.rates; }
  [[nodiscard]] KeySource* key_source() const noexcept { return shared_.key_source; }
  // `set` is an index into token::Keys::sets.
  void count_unknown_kid(std::size_t set, observe::UnknownKid outcome) noexcept {
    shared_.events.key_sets[set].count_unknown_kid(outcome);
  }
  // So many connections are awake that a further one should sleep as soon as it can.
  [[nodiscard]] bool is_crowded() const noexcept { return counts.awake > most_awake; }
  // Runs it on this thread. What it throws is logged, and costs no other connection anything.
  void spawn(transport::Awaitable<> task);
  void use_keys(const Keys& keys);

  transport::Executor executor;
  const Settings& settings;
  observe::WorkerMetrics& metrics;
  ThreadKeys keys;
  RelayLog log;
  HttpDate date;
  transport::AcceptRules accept_rules;
  transport::Deadlines deadlines;
  RequestBuffersPool buffers;
  transport::SplicePipes pipes;
  UpstreamPool upstreams;
  RequestIds request_ids;
  ConnectionCounts counts;

 private:
  static constexpr std::size_t most_awake = 64;

  Shared& shared_;
};

}  // namespace postern::relay
