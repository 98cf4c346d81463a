#include "relay/relay_context.hpp"

#include <openssl/rand.h>

#include <array>
#include <ctime>
#include <exception>
#include <stdexcept>
#include <utility>

#include "transport/descriptors.hpp"

namespace postern::relay {
namespace {

gate::KeyedHash::Key random_key() {
  gate::KeyedHash::Key key;
  if (RAND_bytes(reinterpret_cast<unsigned char*>(key.data()), sizeof key) != 1) {
    throw std::runtime_error("OpenSSL offers no random bytes");
  }
  return key;
}

}  // namespace

Shared::Shared(const Settings& settings)
    : rates(random_key(), settings.user_rate, settings.failed_auth_rate), shadow(settings.shadow_until) {}

RelayContext::RelayContext(const transport::Executor& own_executor, const Settings& given, const Keys& keys,
                           observe::Log& log, Shared& shared)
    : executor(own_executor),
      settings(given),
      metrics(shared.metrics.add_worker()),
      rates(shared.rates),
      verifier(keys.tokens, given.claims, given.token_cache),
      accept_rules{given.proxy_protocol, &given.trusted_proxies, keys.server_tls},
      deadlines(executor),
      buffers(given.max_header_bytes),
      pipes(transport::affordable_pipes()),
      upstreams(executor, deadlines, given.upstream, keys.client_tls, given.upstream_idle_timeout),
      shared_(shared),
      log_(log),
      records_(log.add_queue()),
      sample_(given.log_sample),
      tokens_(keys.tokens) {
  counts.metrics = &metrics;
  use_identity_key(*keys.identity);
}

void RelayContext::use_keys(const Keys& keys) {
  use_tokens(keys.tokens);
  use_identity_key(*keys.identity);
  accept_rules.server_tls = keys.server_tls;
  upstreams.use_context(keys.client_tls);
}

void RelayContext::use_tokens(const std::shared_ptr<const token::Keys>& tokens) {
  verifier.use(tokens);
  const bool same = std::exchange(tokens_, tokens)->revoked == tokens->revoked;
  if (same || !tokens->revoked) return;
  for (OpenToken& open : open_tokens) open.end_if_revoked(*tokens->revoked);
}

void RelayContext::use_identity_key(const token::SharedSecrets& key) {
  identity_signer.reset();
  const gate::Policy& policy = settings.policy;
  const bool plain = policy.claim_headers.empty() && policy.overrides.empty();
  if (!key.all().empty()) {
    identity_signer.emplace(key.all().front(), plain ? gate::IdentityVersion::v1 : gate::IdentityVersion::v2);
  }
}

void RelayContext::spawn(transport::Awaitable<> task) {
  transport::asio::co_spawn(executor, std::move(task), [this](const std::exception_ptr& failure) {
    if (!failure) return;
    // Out of memory or a mistake of ours: that connection is lost, and somebody should know.
    try {
      std::rethrow_exception(failure);
    } catch (const std::exception& error) {
      log_.event(observe::Level::error, "connection failed", {{"problem", error.what()}});
    }
  });
}

void RelayContext::note_refused_connection(const transport::Peer& peer, std::string_view problem) {
  log_.event(observe::Level::debug, "connection refused", {{"peer", peer.address()}, {"problem", problem}});
}

void RelayContext::note_unreachable(const transport::Connector::Failure& failure) {
  const auto now = transport::CoarseClock::now();
  if (unreachable_noted_at_ && now - *unreachable_noted_at_ < unreachable_again_after) return;
  unreachable_noted_at_ = now;
  log_.event(observe::Level::warn, "upstream unreachable",
             {{"reason", failure.reason}, {"address", failure.address}, {"problem", failure.problem}});
}

std::string_view RelayContext::date(std::int64_t unix_seconds) {
  if (unix_seconds == date_second_) return date_;
  const std::time_t seconds = unix_seconds;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 64> text;
  // The C locale is in force: main never sets another.
  date_.assign(text.data(), std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &utc));
  date_second_ = unix_seconds;
  return date_;
}

void RelayContext::record(observe::AccessRecord& record) noexcept {
  if (!sample_.takes(record) || !log_.wants(record)) return;
  records_.push(record);
  log_.wake();
}

}  // namespace postern::relay
