#include "admin/admin_server.hpp"

#include <array>
#include <memory>
#include <optional>

#include "config/values/values.hpp"
#include "observe/metrics/exposition.hpp"
#include "observe/status/page_assets.hpp"
#include "transport/stream_adaptor.hpp"
#include "transport/timed_stream.hpp"

namespace postern::admin {

using transport::Awaitable;
using transport::DeadlineKind;
using transport::error_code;
using transport::use_tuple;
namespace asio = transport::asio;
namespace beast = transport::beast;
namespace http = beast::http;

namespace {

constexpr std::chrono::seconds request_at_most{5};
constexpr std::chrono::hours longest_announcement{1};

// Counts a caller out, however its coroutine ends.
struct Leaving {
  std::shared_ptr<unsigned> callers;
  ~Leaving() { --*callers; }
};

std::string_view view(beast::string_view text) noexcept {
  return {text.data(), text.size()};
}

http::response<http::string_body> response_of(http::status status, std::string_view type, std::string body) {
  http::response<http::string_body> response(status, 11);
  response.set(http::field::content_type, type);
  response.set(http::field::cache_control, "no-store");
  response.keep_alive(false);
  response.body() = std::move(body);
  return response;
}

http::response<http::string_body> text_response(http::status status, std::string_view body) {
  return response_of(status, "text/plain; charset=utf-8", std::string(body) + '\n');
}

http::response<http::string_body> method_not_allowed(std::string_view allowed) {
  auto response = text_response(http::status::method_not_allowed, "method not allowed");
  response.set(http::field::allow, allowed);
  return response;
}

bool is_get(const AdminRequest& request) noexcept {
  return request.method() == http::verb::get || request.method() == http::verb::head;
}

struct DrainOrder {
  Drain::Duration after{};
  DrainPhase until = DrainPhase::refusing;
};

// Of "after=10s&wait=true"; nothing for any other query.
std::optional<DrainOrder> parse_order(std::string_view query) {
  DrainOrder order;
  while (!query.empty()) {
    const std::string_view parameter = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), parameter.size() + 1));
    if (parameter == "wait=true") {
      order.until = DrainPhase::empty;
      continue;
    }
    if (!parameter.starts_with("after=")) return std::nullopt;
    const auto after = config::parse_duration(parameter.substr(6));
    if (!after || *after > longest_announcement) return std::nullopt;
    order.after = *after;
  }
  return order;
}

asio::ip::tcp::socket::native_handle_type family_of(int descriptor) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size);
  return address.ss_family;
}

}  // namespace

AdminServer::AdminServer(asio::io_context& context, transport::Listeners listeners, UpstreamProbe probe,
                         tls::Context client_tls, Drain& drain, Pages pages)
    : context_(context),
      listeners_(std::move(listeners)),
      drain_(drain),
      pages_(std::move(pages)),
      deadlines_(context.get_executor()),
      readiness_(context.get_executor(), deadlines_, std::move(probe), std::move(client_tls)),
      acceptor_(context) {
  const int descriptor = listeners_.take();
  acceptor_.assign(transport::Protocol(family_of(descriptor), 0), descriptor);
  acceptor_.non_blocking(true);
  asio::co_spawn(context_.get_executor(), accept_loop(), asio::detached);
}

Awaitable<> AdminServer::accept_loop() {
  while (acceptor_.is_open()) {
    transport::Protocol::endpoint from;
    auto [error, socket] = co_await acceptor_.async_accept(context_.get_executor(), from, use_tuple);
    if (error == asio::error::operation_aborted) co_return;
    if (!error) {
      if (*callers_ == most_callers) continue;
      socket.non_blocking(true, error);
      asio::co_spawn(context_.get_executor(), serve(transport::Stream(std::move(socket)), is_local(from)),
                     asio::detached);
      continue;
    }
    transport::Timer pause(context_, std::chrono::milliseconds(100));
    co_await pause.async_wait(use_tuple);
  }
}

Awaitable<> AdminServer::serve(transport::Stream accepted, bool local) {
  ++*callers_;
  const Leaving leaving{callers_};
  transport::TimedStream client(std::move(accepted));
  deadlines_.add(client);
  client.arm(DeadlineKind::head, request_at_most);
  AdminRequest request;
  const RequestOutcome outcome = co_await read_request(client, request);
  // Whatever is malformed is answered; a connection that ended is not.
  if (outcome == RequestOutcome::gone) co_return;
  // A caller is not cut off while the upstream is being asked.
  client.disarm();
  Response response = text_response(http::status::bad_request, "bad request");
  if (outcome == RequestOutcome::complete) response = co_await respond(request, local);
  response.prepare_payload();
  client.arm(DeadlineKind::linger, request_at_most);
  transport::StreamAdaptor stream(client.stream);
  error_code error;
  if (request.method() == http::verb::head) {
    http::response_serializer<http::string_body> head(response);
    std::tie(error, std::ignore) = co_await http::async_write_header(stream, head, use_tuple);
  } else {
    std::tie(error, std::ignore) = co_await http::async_write(stream, response, use_tuple);
  }
  co_await client.stream.finish_sending();
  std::array<char, 1024> scrap;
  while (!error) std::tie(error, std::ignore) = co_await client.stream.read_some(scrap);
}

Awaitable<AdminServer::Response> AdminServer::respond(const AdminRequest& request, bool local) {
  const std::string_view target = view(request.target());
  const std::string_view path = target.substr(0, target.find('?'));
  const std::string_view query = path.size() == target.size() ? "" : target.substr(path.size() + 1);
  if (path == "/drain") {
    if (request.method() != http::verb::post) co_return method_not_allowed("POST");
    co_return co_await drain(request, query, local);
  }
  const bool known = path == "/healthz" || path == "/readyz" || path == "/metrics" || path == "/";
  if (!known) co_return text_response(http::status::not_found, "not found");
  if (!is_get(request)) co_return method_not_allowed("GET, HEAD");
  if (path == "/readyz") co_return co_await readiness();
  if (path == "/") co_return co_await status_page(request);
  if (path == "/metrics") {
    co_return response_of(http::status::ok, observe::exposition_content_type, pages_.metrics());
  }
  co_return text_response(http::status::ok, "ok");
}

Awaitable<AdminServer::Response> AdminServer::readiness() {
  if (drain_.phase() != DrainPhase::serving) {
    co_return text_response(http::status::service_unavailable, "draining");
  }
  const std::string_view other = other_problem_ ? other_problem_() : std::string_view{};
  if (!other.empty()) co_return text_response(http::status::service_unavailable, other);
  const UpstreamHealth health = co_await readiness_.ask();
  if (!health.problem.empty()) co_return text_response(http::status::service_unavailable, health.problem);
  co_return text_response(http::status::ok, "ready");
}

Awaitable<AdminServer::Response> AdminServer::status_page(const AdminRequest& request) {
  if (!names_an_address(view(request[http::field::host]))) {
    co_return text_response(http::status::forbidden, "the status page wants an address or localhost as Host");
  }
  const UpstreamHealth health = co_await readiness_.ask();
  Response response = response_of(http::status::ok, "text/html; charset=utf-8", pages_.status(health));
  response.set("Content-Security-Policy", observe::page_policy());
  response.set("X-Content-Type-Options", "nosniff");
  response.set("Referrer-Policy", "no-referrer");
  co_return response;
}

Awaitable<AdminServer::Response> AdminServer::drain(const AdminRequest& request, std::string_view query,
                                                    bool local) {
  const bool from_browser = request.count(http::field::origin) != 0;
  if (!local || from_browser || !names_an_address(view(request[http::field::host]))) {
    co_return text_response(http::status::forbidden, "only from this machine, and not from a browser");
  }
  const auto order = parse_order(query);
  if (!order) co_return text_response(http::status::bad_request, "after=DURATION, at most 1h, and wait=true");
  drain_.announce(order->after);
  co_await drain_.reached(order->until);
  std::string_view answer = "draining";
  if (drain_.phase() == DrainPhase::empty) answer = "drained";
  co_return text_response(http::status::ok, answer);
}

}  // namespace postern::admin
