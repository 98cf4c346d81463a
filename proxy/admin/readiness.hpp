#pragma once
// Whether requests would be served: the upstream is asked anew each time.

#include <string>
#include <string_view>

#include "transport/connector.hpp"
#include "transport/timeouts.hpp"

namespace postern::admin {

struct UpstreamProbe {
  config::Endpoint upstream;
  std::string health_path;  // empty: a connection is enough
  transport::Clock::duration connect_timeout{};
};

// A connection of its own, TLS included, and an answer to `health_path`, where that is set, with 2xx or 3xx.
class Readiness {
 public:
  Readiness(const transport::Executor& executor, transport::Deadlines& deadlines, UpstreamProbe probe,
            tls::Context client_tls);

  // What keeps the upstream from serving, in static text; empty: nothing.
  transport::Awaitable<std::string_view> upstream_problem();
  void use_context(tls::Context client_tls) { connector_.use_context(std::move(client_tls)); }

 private:
  transport::Deadlines& deadlines_;
  UpstreamProbe probe_;
  transport::Connector connector_;
};

}  // namespace postern::admin
