#include "net/peer.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

namespace postern::net {
namespace {

constexpr std::array<unsigned char, 12> mapped_prefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

// RFC 4291 2.5.5.2.
std::array<unsigned char, 16> mapped(const in_addr& address) {
  std::array<unsigned char, 16> bytes{};
  std::copy(mapped_prefix.begin(), mapped_prefix.end(), bytes.begin());
  std::memcpy(bytes.data() + 12, &address, 4);
  return bytes;
}

std::array<unsigned char, 16> address_of(const Protocol::endpoint& endpoint) {
  const sockaddr* any = endpoint.data();
  if (any->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, any, sizeof v4);
    return mapped(v4.sin_addr);
  }
  if (any->sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, any, sizeof v6);
    std::array<unsigned char, 16> bytes;
    std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
    return bytes;
  }
  return mapped(in_addr{htonl(INADDR_LOOPBACK)});
}

}  // namespace

Peer::Peer(const Protocol::endpoint& endpoint,
           std::span<const config::AddressRange> trusted_proxies) noexcept {
  const auto bytes = address_of(endpoint);
  const bool is_mapped = std::equal(mapped_prefix.begin(), mapped_prefix.end(), bytes.begin());
  ::inet_ntop(is_mapped ? AF_INET : AF_INET6, bytes.data() + (is_mapped ? 12 : 0), text_.data(),
              static_cast<socklen_t>(text_.size()));
  size_ = std::strlen(text_.data());
  trusted_ = std::any_of(trusted_proxies.begin(), trusted_proxies.end(),
                         [&](const config::AddressRange& range) { return range.contains(bytes); });
}

}  // namespace postern::net
