#include "net/admin.hpp"

#include "http/message_parser.hpp"
#include "net/timed_stream.hpp"

namespace postern::net {
namespace {

constexpr std::chrono::seconds request_at_most{5};
constexpr std::chrono::seconds health_at_most{5};
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

// Counts a caller out, however its coroutine ends.
struct Leaving {
  unsigned& callers;
  ~Leaving() { --callers; }
};

}  // namespace

Admin::Admin(asio::io_context& context, Listeners listeners, const Settings& settings,
             const tls::Context& client_tls, const Shared& shared)
    : context_(context),
      listeners_(std::move(listeners)),
      settings_(settings),
      shared_(shared),
      deadlines_(context.get_executor()),
      upstream_(context.get_executor(), deadlines_, settings.upstream, client_tls,
                settings.upstream_idle_timeout),
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
      if (callers_ == most_callers) continue;
      socket.non_blocking(true, error);
      asio::co_spawn(context_.get_executor(), serve(Stream(std::move(socket))), asio::detached);
      continue;
    }
    Timer pause(context_, std::chrono::milliseconds(100));
    co_await pause.async_wait(use_tuple);
  }
}

Awaitable<> Admin::serve(Stream accepted) {
  ++callers_;
  const Leaving leaving{callers_};
  TimedStream client(std::move(accepted));
  deadlines_.add(client);
  client.arm(Phase::head, request_at_most);

  std::string received(max_head_bytes, '\0');
  std::size_t size = 0;
  http::RequestParser parser(max_head_bytes);
  http::RequestHead head;
  auto state = http::ParseState::incomplete;
  while (state == http::ParseState::incomplete) {
    const auto [error, count] = co_await client.stream.read_some(std::span(received).subspan(size));
    if (error) co_return;
    size += count;
    state = parser.parse(std::string_view(received).substr(0, size), head);
  }
  // Whoever asked is not cut off while the upstream is being asked.
  client.disarm();
  std::string response = text_response("400 Bad Request", "bad request\n");
  if (state == http::ParseState::complete) {
    response = co_await respond(head.method, head.target.substr(0, head.target.find('?')));
  }
  if (head.method == "HEAD") response.resize(response.find("\r\n\r\n") + 4);
  client.arm(Phase::linger, request_at_most);
  std::array<asio::const_buffer, 1> whole = {asio::buffer(response)};
  error_code error = co_await client.stream.write_all(whole);
  co_await client.stream.finish_sending();
  while (!error) std::tie(error, std::ignore) = co_await client.stream.read_some(received);
}

Awaitable<std::string> Admin::respond(std::string_view method, std::string_view path) {
  if (path != "/healthz" && path != "/readyz") co_return text_response("404 Not Found", "not found\n");
  if (method != "GET" && method != "HEAD") {
    co_return text_response("405 Method Not Allowed", "method not allowed\n", "Allow: GET, HEAD\r\n");
  }
  if (path == "/healthz") co_return text_response("200 OK", "ok\n");
  std::string_view problem = "draining\n";
  if (!shared_.draining.load(std::memory_order_relaxed)) problem = co_await upstream_problem();
  if (!problem.empty()) co_return text_response("503 Service Unavailable", problem);
  co_return text_response("200 OK", "ready\n");
}

Awaitable<std::string_view> Admin::upstream_problem() {
  TimedStream probe{Stream(context_.get_executor())};
  deadlines_.add(probe);
  const std::string problem = co_await upstream_.connect(probe.stream, probe, settings_.connect_timeout);
  if (!problem.empty()) co_return "upstream unreachable\n";
  if (settings_.upstream_health_path.empty()) co_return std::string_view{};
  probe.arm(Phase::response, health_at_most);
  const bool healthy = co_await upstream_is_healthy(probe.stream);
  co_return healthy ? std::string_view{} : "upstream unhealthy\n";
}

Awaitable<bool> Admin::upstream_is_healthy(Stream& stream) {
  const bool is_unix = std::holds_alternative<config::UnixEndpoint>(settings_.upstream);
  const std::string request = "GET " + settings_.upstream_health_path + " HTTP/1.1\r\nHost: " +
                              (is_unix ? "localhost" : config::to_string(settings_.upstream)) +
                              "\r\nUser-Agent: postern\r\nAccept: */*\r\nConnection: close\r\n\r\n";
  std::array<asio::const_buffer, 1> whole = {asio::buffer(request)};
  const error_code unsent = co_await stream.write_all(whole);
  if (unsent) co_return false;
  std::string received(max_head_bytes, '\0');
  std::size_t size = 0;
  http::ResponseParser parser(max_head_bytes);
  http::ResponseHead head;
  while (true) {
    const auto state = parser.parse(std::string_view(received).substr(0, size), "GET", head);
    if (state == http::ParseState::refused) co_return false;
    if (state == http::ParseState::complete) {
      if (head.status >= 200) co_return head.status < 400;
      // An interim response (RFC 9110 15.2) says nothing yet, and a 101 was not asked for.
      if (head.status == 101) co_return false;
      size -= parser.head_size();
      received.erase(0, parser.head_size()).resize(max_head_bytes);
      parser.reset();
      head.clear();
      continue;
    }
    const auto [error, count] = co_await stream.read_some(std::span(received).subspan(size));
    if (error) co_return false;
    size += count;
  }
}

}  // namespace postern::net
