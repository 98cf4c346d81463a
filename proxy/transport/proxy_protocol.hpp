#pragma once
// The PROXY protocol header, versions 1 and 2 (HAProxy's proxy-protocol.txt), which a layer-4 proxy puts
// before the first byte of a connection to say where that comes from. Read strictly: whoever may send one
// chooses the client's address.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace postern::transport {

struct ProxyHeader {
  // False for LOCAL, UNKNOWN, AF_UNSPEC and AF_UNIX: the connection's own peer counts.
  bool has_source = false;
  std::array<unsigned char, 16> source{};  // IPv4 as IPv4-mapped IPv6 (RFC 4291 2.5.5.2)
  std::size_t size = 0;  // bytes of the header; what follows belongs to the connection (TLS or HTTP)
};

enum class ProxyHeaderState : std::uint8_t {
  incomplete,  // what has come can still become a header, but for a checksum, which is judged at the end
  complete,
  refused,  // what has come is no header, whatever follows; for good
};

inline constexpr std::size_t max_proxy_header_v1 = 107;     // the specification's own limit
inline constexpr std::size_t max_proxy_header = 16 + 4096;  // of version 2, which could be 16 + 65535 long

// Reads from the front of `bytes`, which may be all that has come so far; stateless, so call again with more
// after `incomplete`. `header` is filled in when complete, and empty otherwise.
ProxyHeaderState parse_proxy_header(std::string_view bytes, ProxyHeader& header) noexcept;

}  // namespace postern::transport
