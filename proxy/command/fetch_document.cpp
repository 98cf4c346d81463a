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

struct Place {
  config::Endpoint server;
  tls::Context context;  // null: plain HTTP
  std::string host;      // for Host
  std::string target;
  std::string shown;  // in a message
};

Place upstream_of(const config::Config& config) {
  Place place{config.upstream, config.client_tls, "localhost", "/openapi.json",
              config::to_string(config.upstream) + "/openapi.json"};
  if (std::holds_alternative<config::TcpEndpoint>(config.upstream))
    place.host = config::to_string(config.upstream);
  return place;
}

std::variant<Place, std::string> place_of(std::string_view text, const config::Config& config) {
  auto parsed = config::parse_http_url(text);
  if (auto* problem = std::get_if<std::string>(&parsed)) return "the URL " + *problem;
  const auto& url = std::get<config::HttpUrl>(parsed);
  Place place{config::TcpEndpoint{url.host, url.port}, nullptr, url.origin.substr(url.origin.find("//") + 2),
              url.target.empty() ? "/" : url.target, url.origin + url.target};
  if (!url.tls) return place;
  place.context = config.client_tls;
  if (place.context) return place;
  auto made = tls::make_client_context({});
  if (auto* problem = std::get_if<std::string>(&made)) return *problem;
  place.context = std::get<tls::Context>(std::move(made));
  return place;
}

HttpResult get(const Place& place) {
  asio::io_context io(1);
  transport::Deadlines deadlines(io.get_executor());
  transport::Connector connector(io.get_executor(), place.server, place.context);
  transport::HttpRequest request(http::verb::get, place.target, 11);
  request.set(http::field::accept, "application/json");
  transport::HttpLimits limits;
  limits.body_bytes = openapi::max_document_bytes;
  HttpResult result;
  std::exception_ptr failure;
  asio::co_spawn(io.get_executor(),
                 transport::exchange_once(connector, deadlines, std::move(request), place.host, limits),
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
  std::variant<Place, std::string> found = upstream_of(config);
  if (!url.empty()) found = place_of(url, config);
  if (auto* problem = std::get_if<std::string>(&found)) return *problem;
  const auto& place = std::get<Place>(found);
  HttpResult result = get(place);
  if (result.fault != HttpFault::none) {
    const std::string problem = result.problem.empty() ? "" : ": " + result.problem;
    return place.shown + " " + std::string(transport::text_of(result.fault)) + problem;
  }
  if (result.response.result() != http::status::ok)
    return place.shown + " answers " + std::to_string(result.response.result_int());
  return Document{std::move(result.response.body())};
}

}  // namespace postern::command
