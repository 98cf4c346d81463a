#pragma once
// The admin listener: liveness and readiness for whoever runs the process. It judges nothing and reaches
// nobody's data.

#include <atomic>
#include <functional>
#include <string>
#include <string_view>

#include "admin/readiness.hpp"
#include "transport/beast.hpp"
#include "transport/listener.hpp"
#include "transport/stream.hpp"
#include "transport/timeouts.hpp"

namespace postern::admin {

// GET /healthz: 200 while the process lives. GET /readyz: 200 while it takes requests and the upstream
// serves; else 503 and why.
class AdminServer {
 public:
  // `context` and `draining` outlive it.
  AdminServer(transport::asio::io_context& context, transport::Listeners listeners, UpstreamProbe probe,
              tls::Context client_tls, const std::atomic<bool>& draining);

  // Asked before the upstream is: what else keeps requests from being served, in static text; empty: nothing.
  void also_ask(std::function<std::string_view()> problem) { other_problem_ = std::move(problem); }
  void use_context(tls::Context client_tls) { readiness_.use_context(std::move(client_tls)); }

  [[nodiscard]] const std::string& address() const noexcept { return listeners_.address(); }

 private:
  using Request = transport::beast::http::request<transport::beast::http::empty_body>;
  using Response = transport::beast::http::response<transport::beast::http::string_body>;

  // More callers at once are turned away unheard.
  static constexpr unsigned most_callers = 64;

  transport::Awaitable<> accept_loop();
  transport::Awaitable<> serve(transport::Stream accepted);
  transport::Awaitable<Response> respond(const Request& request);

  transport::asio::io_context& context_;
  transport::Listeners listeners_;
  const std::atomic<bool>& draining_;
  transport::Deadlines deadlines_;
  Readiness readiness_;
  std::function<std::string_view()> other_problem_;
  transport::Acceptor acceptor_;
  unsigned callers_ = 0;
};

}  // namespace postern::admin
