#pragma once
// The admin listener: liveness and readiness for whoever runs the process. It judges nothing and reaches
// nobody's data.

#include <optional>
#include <string>

#include "net/asio.hpp"
#include "net/deadline.hpp"
#include "net/listener.hpp"
#include "net/settings.hpp"
#include "net/stream.hpp"
#include "net/upstream_pool.hpp"
#include "net/worker.hpp"

namespace postern::net {

// GET /healthz: 200 while the process lives. GET /readyz: 200 while it takes requests and the upstream
// accepts connections, TLS included, and answers POSTERN_UPSTREAM_HEALTH_PATH, where that is set, with 2xx or
// 3xx; else 503. The upstream is asked anew each time.
class Admin {
 public:
  // `context`, `settings` and `shared` outlive it.
  Admin(asio::io_context& context, Listeners listeners, const Settings& settings,
        const tls::Context& client_tls, const Shared& shared);

  void use_context(tls::Context client_tls) { upstream_.use_context(std::move(client_tls)); }

  [[nodiscard]] const std::string& address() const noexcept { return listeners_.address(); }

 private:
  // More callers at once are turned away unheard.
  static constexpr unsigned most_callers = 64;

  Awaitable<> accept_loop();
  Awaitable<> serve(Stream stream);
  Awaitable<std::string> respond(std::string_view method, std::string_view path);
  // What keeps the upstream from serving; empty: nothing.
  Awaitable<std::string_view> upstream_problem();
  Awaitable<bool> upstream_is_healthy(Stream& stream);

  asio::io_context& context_;
  Listeners listeners_;
  const Settings& settings_;
  const Shared& shared_;
  Deadlines deadlines_;
  UpstreamPool upstream_;
  Acceptor acceptor_;
  unsigned callers_ = 0;
};

}  // namespace postern::net
