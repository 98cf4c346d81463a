#include "command/fetch_document.hpp"

#include <exception>

#include "config/values/http_url.hpp"
#include "openapi/document.hpp"
#include "transport/http_client.hpp"

namespace postern::command {
namespace {

namespace asio = transport::asio;
namespace http = transport::beast::http;
using transport::Awaitable;
using transport::HttpFault;
using transport::HttpResult;

struct DocumentAddress {
  config::Endpoint server;
  tls::Context context;  // null: plain HTTP
  std::string host;      // for Host
  std::string target;
  std::string shown;  // in a message
};

DocumentAddress address_at_upstream(const config::Config& config) {
  DocumentAddress address{config.upstream, config.client_tls, "localhost", "/openapi.json",
                          config::to_string(config.upstream) + "/openapi.json"};
  if (std::holds_alternative<config::TcpEndpoint>(config.upstream))
    address.host = config::to_string(config.upstream);
  return address;
}

std::variant<DocumentAddress, std::string> address_of(std::string_view text, const config::Config& config) {
  auto parsed = config::parse_http_url(text);
  if (auto* problem = std::get_if<std::string>(&parsed)) return "the URL " + *problem;
  const auto& url = std::get<config::HttpUrl>(parsed);
  DocumentAddress address{config::TcpEndpoint{url.host, url.port}, nullptr,
                          url.origin.substr(url.origin.find("//") + 2), url.target.empty() ? "/" : url.target,
                          url.origin + url.target};
  if (!url.tls) return address;
  address.context = config.client_tls;
  if (address.context) return address;
  auto made = tls::make_client_context({});
  if (auto* problem = std::get_if<std::string>(&made)) return *problem;
  address.context = std::get<tls::Context>(std::move(made));
  return address;
}

HttpResult get(const DocumentAddress& address) {
  asio::io_context io(1);
  transport::Deadlines deadlines(io.get_executor());
  transport::Connector connector(io.get_executor(), address.server, address.context);
  transport::HttpRequest request(http::verb::get, address.target, 11);
  request.set(http::field::accept, "application/json");
  transport::HttpLimits limits;
  limits.body_bytes = openapi::max_document_bytes;
  HttpResult result;
  std::exception_ptr failure;
  asio::co_spawn(io.get_executor(),
                 transport::exchange_once(connector, deadlines, std::move(request), address.host, limits),
                 [&](std::exception_ptr thrown, HttpResult got) {
                   failure = std::move(thrown);
                   result = std::move(got);
                   io.stop();
                 });
  io.run();
  if (failure) std::rethrow_exception(failure);
  return result;
}

}  // namespace

std::variant<Document, std::string> fetch_document(std::string_view url, const config::Config& config) {
  std::variant<DocumentAddress, std::string> found = address_at_upstream(config);
  if (!url.empty()) found = address_of(url, config);
  if (auto* problem = std::get_if<std::string>(&found)) return *problem;
  const auto& address = std::get<DocumentAddress>(found);
  HttpResult result = get(address);
  if (result.fault != HttpFault::none) {
    const std::string problem = result.problem.empty() ? "" : ": " + result.problem;
    return address.shown + " " + std::string(transport::text_of(result.fault)) + problem;
  }
  if (result.response.result() != http::status::ok)
    return address.shown + " answers " + std::to_string(result.response.result_int());
  return Document{std::move(result.response.body())};
}

}  // namespace postern::command
