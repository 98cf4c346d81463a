#include "admin/readiness.hpp"

#include "transport/http_client.hpp"
#include "transport/timed_stream.hpp"

namespace postern::admin {

using transport::Awaitable;
namespace http = transport::beast::http;

Readiness::Readiness(const transport::Executor& executor, transport::Deadlines& deadlines,
                     UpstreamProbe probe, tls::Context client_tls)
    : deadlines_(deadlines),
      probe_(std::move(probe)),
      connector_(executor, probe_.upstream, std::move(client_tls)) {}

Awaitable<UpstreamHealth> Readiness::ask() {
  UpstreamHealth health;
  if (probe_.health_path.empty()) {
    health = co_await connect();
  } else {
    health = co_await ask_health_path();
  }
  if (since_ == 0 || health.problem != last_problem_) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    since_ = std::chrono::duration_cast<std::chrono::seconds>(now).count();
    last_problem_ = health.problem;
  }
  health.since = since_;
  co_return health;
}

Awaitable<UpstreamHealth> Readiness::connect() {
  transport::TimedStream connection{transport::Stream(connector_.executor())};
  deadlines_.add(connection);
  transport::Connector::Address address;
  const auto failure =
      co_await connector_.connect(connection.stream, address, connection, probe_.connect_timeout);
  UpstreamHealth health;
  if (failure.reason.empty()) co_return health;
  health.problem = "upstream unreachable";
  health.detail = failure.problem;
  co_return health;
}

Awaitable<UpstreamHealth> Readiness::ask_health_path() {
  std::string host = "localhost";
  if (std::holds_alternative<config::TcpEndpoint>(probe_.upstream)) host = config::to_string(probe_.upstream);
  transport::HttpRequest request(http::verb::get, probe_.health_path, 11);
  request.set(http::field::accept, "*/*");
  transport::HttpLimits limits;
  limits.connect = probe_.connect_timeout;
  const transport::HttpResult result =
      co_await transport::exchange_once(connector_, deadlines_, std::move(request), std::move(host), limits);
  UpstreamHealth health;
  if (result.fault == transport::HttpFault::unreachable) {
    health.problem = "upstream unreachable";
    health.detail = result.problem;
    co_return health;
  }
  // The head has said it: a body that is too large to read is none of our business.
  const unsigned status = result.response.result_int();
  const bool healthy = result.fault == transport::HttpFault::none && status >= 200 && status < 400;
  if (healthy) co_return health;
  health.problem = "upstream unhealthy";
  health.detail = text_of(result.fault);
  if (result.fault == transport::HttpFault::none) {
    health.detail = probe_.health_path + " answers " + std::to_string(status);
  }
  co_return health;
}

}  // namespace postern::admin
