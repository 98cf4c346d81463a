#pragma once
// The admin listener: liveness, readiness, metrics, the status page and the drain, for whoever runs the
// process. It judges nothing and reaches nobody's data.

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "admin/admin_request.hpp"
#include "admin/drain.hpp"
#include "admin/readiness.hpp"
#include "transport/beast.hpp"
#include "transport/listener.hpp"
#include "transport/stream.hpp"
#include "transport/timeouts.hpp"

namespace postern::admin {

// What is shown, made anew each time.
struct Pages {
  std::function<std::string()> metrics;
  std::function<std::string(const UpstreamHealth&)> status;
};

// GET /healthz: 200 while the process lives. GET /readyz: 200 while it takes requests and the upstream
// serves; else 503 and why. GET /metrics and /: the pages. POST /drain?after=10s&wait=true, from this machine
// alone and never from a browser: announces the drain, and answers once new connections are refused or, with
// wait, the last one is gone.
class AdminServer {
 public:
  // `context` and `drain` outlive it.
  AdminServer(transport::asio::io_context& context, transport::Listeners listeners, UpstreamProbe probe,
              tls::Context client_tls, Drain& drain, Pages pages);

  // Asked before the upstream is: what else keeps requests from being served, in static text; empty: nothing.
  void also_ask(std::function<std::string_view()> problem) { other_problem_ = std::move(problem); }
  void use_context(tls::Context client_tls) { readiness_.use_context(std::move(client_tls)); }

  [[nodiscard]] const std::string& address() const noexcept { return listeners_.address(); }

 private:
  using Response = transport::beast::http::response<transport::beast::http::string_body>;

  // More callers at once are turned away unheard.
  static constexpr unsigned most_callers = 64;

  transport::Awaitable<> accept_loop();
  transport::Awaitable<> serve(transport::Stream accepted, bool local);
  transport::Awaitable<Response> respond(const AdminRequest& request, bool local);
  transport::Awaitable<Response> readiness();
  transport::Awaitable<Response> status_page(const AdminRequest& request);
  transport::Awaitable<Response> drain(const AdminRequest& request, std::string_view query, bool local);

  transport::asio::io_context& context_;
  transport::Listeners listeners_;
  Drain& drain_;
  Pages pages_;
  transport::Deadlines deadlines_;
  Readiness readiness_;
  std::function<std::string_view()> other_problem_;
  transport::Acceptor acceptor_;
  std::shared_ptr<unsigned> callers_ = std::make_shared<unsigned>(0);  // a coroutine may outlive it
};

}  // namespace postern::admin
