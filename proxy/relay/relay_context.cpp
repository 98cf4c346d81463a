#include "relay/relay_context.hpp"

#include <exception>

#include "transport/descriptors.hpp"

namespace postern::relay {

Shared::Shared(const Settings& settings)
    : rates(hash, settings.user_rate, settings.failed_auth_rate), shadow(settings.shadow_until) {}

RelayContext::RelayContext(const transport::Executor& own_executor, const Settings& given,
                           const Keys& own_keys, observe::Log& own_log, Shared& shared)
    : executor(own_executor),
      settings(given),
      metrics(shared.metrics.add_worker()),
      keys(given, own_keys, shared.hash),
      log(own_log, given.log_sample),
      accept_rules{given.proxy_protocol, &given.trusted_proxies, own_keys.server_tls},
      deadlines(executor),
      buffers(given.max_header_bytes),
      pipes(transport::affordable_pipes()),
      upstreams(executor, deadlines, given.upstream, own_keys.client_tls, given.upstream_idle_timeout),
      shared_(shared) {
  counts.metrics = &metrics;
  counts.all_serving = &shared.connections;
}

void RelayContext::use_keys(const Keys& others) {
  keys.use(others);
  accept_rules.server_tls = others.server_tls;
  upstreams.use_context(others.client_tls);
}

void RelayContext::spawn(transport::Awaitable<> task) {
  transport::asio::co_spawn(executor, std::move(task), [this](const std::exception_ptr& failure) {
    if (!failure) return;
    try {
      std::rethrow_exception(failure);
    } catch (const std::exception& error) {
      log.failed_connection(error.what());
    }
  });
}

}  // namespace postern::relay
