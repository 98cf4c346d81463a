#include "net/admin.hpp"

#include "http/head_parser.hpp"
#include "net/socket_io.hpp"
#include "net/timed_socket.hpp"

namespace postern::net {
namespace {

constexpr std::chrono::seconds request_at_most{5};
constexpr std::size_t max_head_bytes = 8192;

std::string text_response(std::string_view status, std::string_view body, std::string_view extra = {}) {
  std::string out = "HTTP/1.1 ";
  out += status;
  out += "\r\nContent-Type: text/plain; charset=utf-8\r\nCache-Control: no-store\r\nConnection: close\r\n";
  out += extra;
  out += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  out += body;
  return out;
}

}  // namespace

Admin::Admin(asio::io_context& context, Listeners listeners, const Settings& settings, const Shared& shared)
    : context_(context),
      listeners_(std::move(listeners)),
      settings_(settings),
      shared_(shared),
      deadlines_(context.get_executor()),
      upstream_(context.get_executor(), deadlines_, settings.upstream, settings.upstream_idle_timeout),
      acceptor_(context) {
  const bool is_unix = std::holds_alternative<config::UnixEndpoint>(*settings.admin_listen);
  const bool is_v6 = !is_unix && listeners_.address().starts_with('[');
  acceptor_.assign(Protocol(is_unix ? AF_UNIX : is_v6 ? AF_INET6 : AF_INET, 0), listeners_.take());
  acceptor_.non_blocking(true);
  asio::co_spawn(context_.get_executor(), accept_loop(), asio::detached);
}

Awaitable<> Admin::accept_loop() {
  while (acceptor_.is_open()) {
    auto [error, socket] = co_await acceptor_.async_accept(context_.get_executor(), use_tuple);
    if (error == asio::error::operation_aborted) co_return;
    if (!error) {
      asio::co_spawn(context_.get_executor(), serve(std::move(socket)), asio::detached);
      continue;
    }
    Timer pause(context_, std::chrono::milliseconds(100));
    co_await pause.async_wait(use_tuple);
  }
}

Awaitable<> Admin::serve(Socket accepted) {
  TimedSocket client(std::move(accepted));
  error_code error;
  client.socket.non_blocking(true, error);
  deadlines_.add(client);
  client.arm(Phase::head, request_at_most);

  std::string received(max_head_bytes, '\0');
  std::size_t size = 0;
  http::RequestHeadParser parser(max_head_bytes);
  http::RequestHead head;
  auto state = http::ParseState::incomplete;
  while (state == http::ParseState::incomplete) {
    std::size_t count = 0;
    std::tie(error, count) = co_await client.socket.async_read_some(
        asio::buffer(received.data() + size, received.size() - size), use_tuple);
    if (error) co_return;
    size += count;
    state = parser.parse(std::string_view(received).substr(0, size), head);
  }
  std::string response = text_response("400 Bad Request", "bad request\n");
  if (state == http::ParseState::complete) {
    response = co_await respond(head.method, head.target.substr(0, head.target.find('?')));
  }
  if (head.method == "HEAD") response.resize(response.find("\r\n\r\n") + 4);
  std::array<asio::const_buffer, 1> whole = {asio::buffer(response)};
  error = co_await write_all(client.socket, whole);
  if (!error) client.socket.shutdown(Socket::shutdown_send, error);
  while (!error) {
    std::tie(error, std::ignore) = co_await client.socket.async_read_some(asio::buffer(received), use_tuple);
  }
}

Awaitable<std::string> Admin::respond(std::string_view method, std::string_view path) {
  if (path != "/healthz" && path != "/readyz") co_return text_response("404 Not Found", "not found\n");
  if (method != "GET" && method != "HEAD") {
    co_return text_response("405 Method Not Allowed", "method not allowed\n", "Allow: GET, HEAD\r\n");
  }
  if (path == "/healthz") co_return text_response("200 OK", "ok\n");
  if (shared_.draining.load(std::memory_order_relaxed)) {
    co_return text_response("503 Service Unavailable", "draining\n");
  }
  const bool reachable = co_await upstream_answers();
  if (!reachable) co_return text_response("503 Service Unavailable", "upstream unreachable\n");
  co_return text_response("200 OK", "ready\n");
}

Awaitable<bool> Admin::upstream_answers() {
  TimedSocket probe{Socket(context_)};
  deadlines_.add(probe);
  co_return co_await upstream_.connect(probe.socket, probe, settings_.connect_timeout);
}

}  // namespace postern::net
