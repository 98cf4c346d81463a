#pragma once
// Whether requests would be served: the upstream is asked anew each time.

#include <cstdint>
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

struct UpstreamHealth {
  std::string_view problem;  // what keeps the upstream from serving, in static text; empty: nothing
  std::string detail;        // the system's words for it, where it has any
  std::int64_t since = 0;    // Unix seconds: since when each look has found the same
};

// A connection of its own, TLS included, and an answer to `health_path`, where that is set, with 2xx or 3xx.
class Readiness {
 public:
  Readiness(const transport::Executor& executor, transport::Deadlines& deadlines, UpstreamProbe probe,
            tls::Context client_tls);

  transport::Awaitable<UpstreamHealth> ask();
  void use_context(tls::Context client_tls) { connector_.use_context(std::move(client_tls)); }

 private:
  transport::Awaitable<UpstreamHealth> connect();
  transport::Awaitable<UpstreamHealth> ask_health_path();

  transport::Deadlines& deadlines_;
  UpstreamProbe probe_;
  transport::Connector connector_;
  std::string_view last_problem_;
  std::int64_t since_ = 0;
};

}  // namespace postern::admin
