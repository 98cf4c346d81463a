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

Awaitable<std::string_view> Readiness::upstream_problem() {
  if (probe_.health_path.empty()) {
    transport::TimedStream connection{transport::Stream(connector_.executor())};
    deadlines_.add(connection);
    transport::Connector::Address address;
    const auto failure =
        co_await connector_.connect(connection.stream, address, connection, probe_.connect_timeout);
    if (failure.reason.empty()) co_return std::string_view{};
    co_return "upstream unreachable";
  }
  std::string host = "localhost";
  if (std::holds_alternative<config::TcpEndpoint>(probe_.upstream)) host = config::to_string(probe_.upstream);
  transport::HttpRequest request(http::verb::get, probe_.health_path, 11);
  request.set(http::field::accept, "*/*");
  transport::HttpLimits limits;
  limits.connect = probe_.connect_timeout;
  const transport::HttpResult result =
      co_await transport::exchange_once(connector_, deadlines_, std::move(request), std::move(host), limits);
  if (result.fault == transport::HttpFault::unreachable) co_return "upstream unreachable";
  // The head has said it: a body that is too large to read is none of our business.
  const unsigned status = result.response.result_int();
  const bool healthy = result.fault == transport::HttpFault::none && status >= 200 && status < 400;
  if (healthy) co_return std::string_view{};
  co_return "upstream unhealthy";
}

}  // namespace postern::admin
