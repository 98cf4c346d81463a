#pragma once
// What the connections of one thread share. Threads share nothing but immutable settings and a few counters:
// no lock is taken on the way of a request.

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "gate/identity_signer.hpp"
#include "gate/rates.hpp"
#include "gate/shadow.hpp"
#include "observe/log/log.hpp"
#include "observe/log/log_sample.hpp"
#include "observe/metrics/metrics.hpp"
#include "observe/metrics/shared_metrics.hpp"
#include "relay/connection_count.hpp"
#include "relay/key_source.hpp"
#include "relay/open_token.hpp"
#include "relay/request_buffers.hpp"
#include "relay/request_ids.hpp"
#include "relay/settings.hpp"
#include "relay/upstream_pool.hpp"
#include "token/verifier.hpp"
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
  gate::Rates rates;
  gate::ShadowWindow shadow;
  observe::Metrics metrics;  // a block for each thread
  observe::SharedMetrics events{0};
};

class RelayContext {
 public:
  // All of them outlive it.
  RelayContext(const transport::Executor& executor, const Settings& settings, const Keys& keys,
               observe::Log& log, Shared& shared);

  [[nodiscard]] bool draining() const noexcept { return shared_.draining.load(std::memory_order_relaxed); }
  // Whether refusals for want of a right are forwarded at that moment.
  [[nodiscard]] bool in_shadow(std::int64_t unix_seconds) noexcept {
    return shared_.shadow.open(unix_seconds);
  }
  // The time for a Date field; made once a second.
  std::string_view date(std::int64_t unix_seconds);
  // `set` is an index into token::Keys::sets.
  void count_unknown_kid(std::size_t set, observe::UnknownKid outcome) noexcept {
    shared_.events.key_sets[set].count_unknown_kid(outcome);
  }
  // `record` may be changed by the sampling.
  void record(observe::AccessRecord& record) noexcept;
  // No request came of it: not let in, or no TLS.
  void note_refused_connection(const transport::Peer& peer, std::string_view problem);
  // Nothing takes a connection there: said once in a while, however many requests meet it.
  void note_unreachable(const transport::Connector::Failure& failure);
  // Runs it on this thread. What it throws is logged, and costs no other connection anything.
  void spawn(transport::Awaitable<> task);
  // So many connections are awake that a further one should sleep as soon as it can.
  [[nodiscard]] bool is_crowded() const noexcept { return counts.awake > most_awake; }
  void use_keys(const Keys& keys);
  // The verifier's keys alone; streams whose token was revoked end, where the settings ask for that.
  void use_tokens(const std::shared_ptr<const token::Keys>& tokens);
  [[nodiscard]] KeySource* key_source() const noexcept { return shared_.key_source; }
  [[nodiscard]] const token::Keys& tokens() const noexcept { return *tokens_; }

  transport::Executor executor;
  const Settings& settings;
  observe::WorkerMetrics& metrics;
  gate::Rates& rates;
  token::Verifier verifier;
  std::optional<gate::IdentitySigner> identity_signer;  // with POSTERN_IDENTITY_KEY
  transport::AcceptRules accept_rules;
  transport::Deadlines deadlines;
  RequestBuffersPool buffers;
  transport::SplicePipes pipes;
  UpstreamPool upstreams;
  RequestIds request_ids;
  ConnectionCounts counts;
  OpenToken::List open_tokens;  // with POSTERN_CLOSE_AT_EXPIRY

 private:
  static constexpr std::size_t most_awake = 64;
  static constexpr std::chrono::seconds unreachable_again_after{10};

  void use_identity_key(const token::SharedSecrets& key);

  Shared& shared_;
  observe::Log& log_;
  observe::RecordQueue& records_;
  observe::LogSample sample_;
  std::optional<transport::CoarseClock::time_point> unreachable_noted_at_;
  std::shared_ptr<const token::Keys> tokens_;  // as the verifier has them
  std::int64_t date_second_ = -1;
  std::string date_;
};

}  // namespace postern::relay
