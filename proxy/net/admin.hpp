#pragma once
// The admin listener: liveness and readiness for whoever runs the process. It judges nothing and reaches
// nobody's data.

#include <optional>
#include <string>

#include "net/asio.hpp"
#include "net/listener.hpp"
#include "net/settings.hpp"
#include "net/worker.hpp"

namespace postern::net {

// GET /healthz: 200 while the process lives. GET /readyz: 200 while it takes requests and the upstream
// accepts connections, else 503.
class Admin {
 public:
  // `context`, `settings` and `shared` outlive it.
  Admin(asio::io_context& context, Listeners listeners, const Settings& settings, const Shared& shared);

  [[nodiscard]] const std::string& address() const noexcept { return listeners_.address(); }

 private:
  Awaitable<> accept_loop();
  Awaitable<> serve(Socket socket);
  Awaitable<std::string> respond(std::string_view method, std::string_view path);
  Awaitable<bool> upstream_answers();

  asio::io_context& context_;
  Listeners listeners_;
  const Settings& settings_;
  const Shared& shared_;
  Deadlines deadlines_;
  UpstreamPool upstream_;
  Acceptor acceptor_;
};

}  // namespace postern::net
