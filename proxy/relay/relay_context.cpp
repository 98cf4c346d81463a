#include "relay/relay_context.hpp"

#include <array>
#include <ctime>
#include <exception>
#include <utility>

namespace postern::relay {

RelayContext::RelayContext(const transport::Executor& own_executor, const Settings& given, const Keys& keys,
                           observe::Log& log, Shared& shared)
    : executor(own_executor),
      settings(given),
      verifier(keys.tokens, given.claims, given.token_cache),
      accept_rules{given.proxy_protocol, &given.trusted_proxies, keys.server_tls},
      deadlines(executor),
      buffers(given.max_header_bytes),
      upstreams(executor, deadlines, given.upstream, keys.client_tls, given.upstream_idle_timeout),
      shared_(shared),
      log_(log),
      records_(log.add_queue()),
      tokens_(keys.tokens) {
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
  if (!key.all().empty()) identity_signer.emplace(key.all().front());
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

void RelayContext::record(const observe::AccessRecord& record) noexcept {
  if (!log_.wants_access()) return;
  records_.push(record);
  log_.wake();
}

}  // namespace postern::relay
