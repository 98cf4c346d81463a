#pragma once
// Who is at the other end of an accepted connection.

#include <array>
#include <cstdint>
#include <string_view>

#include "config/config.hpp"
#include "transport/asio.hpp"

namespace postern::transport {

class Peer {
 public:
  using Address = std::array<unsigned char, 16>;  // IPv4 as IPv4-mapped IPv6

  // An IPv4-mapped address is shown as IPv4.
  Peer(const Address& address, const config::TrustedProxies& trusted_proxies) noexcept;
  // A unix-domain peer has no address and is shown as 127.0.0.1; it is a trusted proxy only where "unix" is
  // named.
  Peer(const Protocol::endpoint& endpoint, const config::TrustedProxies& trusted_proxies) noexcept;

  [[nodiscard]] std::string_view address() const noexcept { return {text_.data(), size_}; }
  [[nodiscard]] bool is_trusted_proxy() const noexcept { return trusted_; }
  // What it passes on is somebody else's word.
  void distrust() noexcept { trusted_ = false; }

 private:
  std::array<char, 46> text_{};  // INET6_ADDRSTRLEN
  std::uint8_t size_ = 0;
  bool trusted_ = false;
};

}  // namespace postern::transport
