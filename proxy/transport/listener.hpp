#pragma once
// Listening sockets.

#include <boost/system/result.hpp>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "transport/asio.hpp"

namespace postern::transport {

// One descriptor per worker for the same address: by SO_REUSEPORT for TCP, so that the kernel spreads
// connections; the one socket duplicated for a unix path. All close on exec and do not block.
class Listeners {
 public:
  // Binds and listens. A unix path gets the permissions `mode` before anyone can connect. On failure the text
  // says what could not be done and the system's reason: "cannot listen on 0.0.0.0:8080: Permission denied".
  static std::variant<Listeners, std::string> open(const config::Endpoint& endpoint, unsigned count,
                                                   unsigned mode);

  Listeners(Listeners&& other) noexcept = default;
  Listeners& operator=(Listeners&&) = delete;
  // Closes what was not taken and removes the unix path, if that is still there.
  ~Listeners();

  // Takes the unix path away before the listening ends: afterwards it may be a successor's.
  void remove_path() noexcept;

  // Another process listened on the TCP port before: a predecessor that drains, or a stranger who gets a part
  // of the connections.
  [[nodiscard]] bool is_shared() const noexcept { return is_shared_; }

  // Gives away the descriptor of the next worker.
  int take();
  // What was bound, with the port that the kernel chose for port 0.
  [[nodiscard]] const std::string& address() const noexcept { return address_; }

 private:
  Listeners() = default;

  std::vector<int> descriptors_;
  std::string address_;
  std::string unix_path_;
  bool is_shared_ = false;
};

// New connections to this listening socket are no longer answered, so that their clients ask again a second
// later and reach whoever else listens there; handshakes under way go on. TCP only, else nothing happens.
void refuse_new_connections(int descriptor) noexcept;

}  // namespace postern::transport
