#include "transport/peer.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

namespace postern::transport {
namespace {

constexpr std::array<unsigned char, 12> mapped_prefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

// RFC 4291 2.5.5.2.
Peer::Address mapped(const in_addr& address) {
  Peer::Address bytes{};
  std::copy(mapped_prefix.begin(), mapped_prefix.end(), bytes.begin());
  std::memcpy(bytes.data() + 12, &address, 4);
  return bytes;
}

Peer::Address address_of(const Protocol::endpoint& endpoint) {
  const sockaddr* any = endpoint.data();
  if (any->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, any, sizeof v4);
    return mapped(v4.sin_addr);
  }
  if (any->sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, any, sizeof v6);
    Peer::Address bytes;
    std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
    return bytes;
  }
  return mapped(in_addr{htonl(INADDR_LOOPBACK)});
}

}  // namespace

Peer::Peer(const Protocol::endpoint& endpoint, const config::TrustedProxies& trusted_proxies) noexcept
    : Peer(address_of(endpoint), trusted_proxies) {
  if (endpoint.data()->sa_family == AF_UNIX) trusted_ = trusted_proxies.unix_peers;
}

Peer::Peer(const Address& bytes, const config::TrustedProxies& trusted_proxies) noexcept {
  const bool is_mapped = std::equal(mapped_prefix.begin(), mapped_prefix.end(), bytes.begin());
  ::inet_ntop(is_mapped ? AF_INET : AF_INET6, bytes.data() + (is_mapped ? 12 : 0), text_.data(),
              static_cast<socklen_t>(text_.size()));
  size_ = static_cast<std::uint8_t>(std::strlen(text_.data()));
  trusted_ = std::any_of(trusted_proxies.ranges.begin(), trusted_proxies.ranges.end(),
                         [&](const config::AddressRange& range) { return range.contains(bytes); });
}

}  // namespace postern::transport
