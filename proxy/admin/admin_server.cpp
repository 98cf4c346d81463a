#include "admin/admin_server.hpp"

#include <array>

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
constexpr std::uint32_t max_head_bytes = 8192;

// Counts a caller out, however its coroutine ends.
struct Leaving {
  unsigned& callers;
  ~Leaving() { --callers; }
};

http::response<http::string_body> text_response(http::status status, std::string_view body) {
  http::response<http::string_body> response(status, 11);
  response.set(http::field::content_type, "text/plain; charset=utf-8");
  response.set(http::field::cache_control, "no-store");
  response.keep_alive(false);
  response.body().assign(body).push_back('\n');
  return response;
}

asio::ip::tcp::socket::native_handle_type family_of(int descriptor) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size);
  return address.ss_family;
}

}  // namespace

AdminServer::AdminServer(asio::io_context& context, transport::Listeners listeners, UpstreamProbe probe,
                         tls::Context client_tls, const std::atomic<bool>& draining)
    : context_(context),
      listeners_(std::move(listeners)),
      draining_(draining),
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
    auto [error, socket] = co_await acceptor_.async_accept(context_.get_executor(), use_tuple);
    if (error == asio::error::operation_aborted) co_return;
    if (!error) {
      if (callers_ == most_callers) continue;
      socket.non_blocking(true, error);
      asio::co_spawn(context_.get_executor(), serve(transport::Stream(std::move(socket))), asio::detached);
      continue;
    }
    transport::Timer pause(context_, std::chrono::milliseconds(100));
    co_await pause.async_wait(use_tuple);
  }
}

Awaitable<> AdminServer::serve(transport::Stream accepted) {
  ++callers_;
  const Leaving leaving{callers_};
  transport::TimedStream client(std::move(accepted));
  deadlines_.add(client);
  client.arm(DeadlineKind::head, request_at_most);
  transport::StreamAdaptor stream(client.stream);
  beast::flat_buffer received(max_head_bytes);
  http::request_parser<http::empty_body> parser;
  parser.header_limit(max_head_bytes);
  const auto [malformed, read] = co_await http::async_read_header(stream, received, parser, use_tuple);
  // Whatever Beast refuses is answered; a connection that ended is not.
  static const auto& refusals = error_code(http::error::bad_method).category();
  if (malformed && (malformed.category() != refusals || malformed == http::error::end_of_stream)) co_return;
  // A caller is not cut off while the upstream is being asked.
  client.disarm();
  Response response = text_response(http::status::bad_request, "bad request");
  // RFC 9112 3.2.
  const bool named = parser.get().version() < 11 || parser.get().count(http::field::host) == 1;
  if (!malformed && named) response = co_await respond(parser.get());
  response.prepare_payload();
  client.arm(DeadlineKind::linger, request_at_most);
  error_code error;
  if (parser.get().method() == http::verb::head) {
    http::response_serializer<http::string_body> head(response);
    std::tie(error, std::ignore) = co_await http::async_write_header(stream, head, use_tuple);
  } else {
    std::tie(error, std::ignore) = co_await http::async_write(stream, response, use_tuple);
  }
  co_await client.stream.finish_sending();
  std::array<char, 1024> scrap;
  while (!error) std::tie(error, std::ignore) = co_await client.stream.read_some(scrap);
}

Awaitable<AdminServer::Response> AdminServer::respond(const Request& request) {
  const beast::string_view target = request.target();
  const beast::string_view path = target.substr(0, target.find('?'));
  if (path != "/healthz" && path != "/readyz") co_return text_response(http::status::not_found, "not found");
  if (request.method() != http::verb::get && request.method() != http::verb::head) {
    Response response = text_response(http::status::method_not_allowed, "method not allowed");
    response.set(http::field::allow, "GET, HEAD");
    co_return response;
  }
  if (path == "/healthz") co_return text_response(http::status::ok, "ok");
  std::string_view problem = "draining";
  if (!draining_.load(std::memory_order_relaxed)) {
    problem = other_problem_ ? other_problem_() : std::string_view{};
    if (problem.empty()) problem = co_await readiness_.upstream_problem();
  }
  if (!problem.empty()) co_return text_response(http::status::service_unavailable, problem);
  co_return text_response(http::status::ok, "ready");
}

}  // namespace postern::admin
