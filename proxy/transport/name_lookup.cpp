#include "transport/name_lookup.hpp"

#include <netdb.h>

#include <cstring>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace postern::transport {

// What the thread knows of the object it works for.
struct NameLookup::Link {
  std::mutex mutex;
  NameLookup* owner;  // null: gone
};

namespace {

std::optional<NameLookup::Addresses> look_up(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) return std::nullopt;
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(found, ::freeaddrinfo);
  NameLookup::Addresses addresses;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    asio::ip::tcp::endpoint address;
    if (one->ai_addrlen > address.capacity()) continue;
    std::memcpy(address.data(), one->ai_addr, one->ai_addrlen);
    address.resize(one->ai_addrlen);
    addresses.emplace_back(address);
  }
  if (addresses.empty()) return std::nullopt;
  return addresses;
}

}  // namespace

NameLookup::NameLookup(const Executor& executor) : executor_(executor), link_(std::make_shared<Link>()) {
  link_->owner = this;
}

NameLookup::~NameLookup() {
  const std::lock_guard lock(link_->mutex);
  link_->owner = nullptr;
}

void NameLookup::start(const std::string& host, std::uint16_t port, Done done) {
  done_ = std::move(done);
  try {
    std::thread([link = link_, host, port] {
      auto found = look_up(host, port);
      // While the owner lives, its executor does.
      const std::lock_guard lock(link->mutex);
      if (link->owner == nullptr) return;
      asio::post(link->owner->executor_, [link, found = std::move(found)]() mutable {
        // Run on the owner's own thread, where nobody else can end it.
        if (link->owner != nullptr) link->owner->finish(std::move(found));
      });
    }).detach();
  } catch (const std::system_error&) {
    asio::post(executor_, [link = link_] {
      if (link->owner != nullptr) link->owner->finish(std::nullopt);
    });
  }
}

void NameLookup::finish(std::optional<Addresses> found) {
  std::exchange(done_, nullptr)(std::move(found));
}

}  // namespace postern::transport
