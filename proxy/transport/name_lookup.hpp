#pragma once
// Looking up a name, on a thread of its own: getaddrinfo() cannot be called off, and nobody shall wait for it
// when the process ends.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "transport/asio.hpp"

namespace postern::transport {

class NameLookup {
 public:
  using Addresses = std::vector<Protocol::endpoint>;
  // Nothing: the look-up failed, or the name has no address.
  using Done = std::function<void(std::optional<Addresses>)>;

  explicit NameLookup(const Executor& executor);
  // What is under way ends unheard.
  ~NameLookup();
  NameLookup(const NameLookup&) = delete;
  NameLookup& operator=(const NameLookup&) = delete;

  // One at a time. `done` is called on the executor, once, while this object lives.
  void start(const std::string& host, std::uint16_t port, Done done);
  [[nodiscard]] bool under_way() const noexcept { return static_cast<bool>(done_); }

 private:
  struct Link;

  void finish(std::optional<Addresses> found);

  Executor executor_;
  std::shared_ptr<Link> link_;
  Done done_;
};

}  // namespace postern::transport
