#include "config/values/endpoint.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

#include "config/values/values.hpp"

namespace postern::config {
namespace {

bool is_ipv6(const std::string& text) {
  in6_addr address{};
  return ::inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

bool is_host_name(std::string_view text) {
  return !text.empty() && text.size() <= 253 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
  });
}

OrProblem<Endpoint> parse_unix(std::string_view path) {
  constexpr std::size_t longest = 107;  // sun_path with its NUL
  if (!path.starts_with('/')) return "unix: wants an absolute path";
  if (path.size() > longest) return "the socket path is longer than 107 bytes";
  return UnixEndpoint{std::string(path)};
}

OrProblem<Endpoint> parse_host_and_port(std::string_view text, std::uint16_t default_port,
                                        bool port_required) {
  std::string host;
  std::string_view port;
  bool has_port = false;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return "the bracket is not closed";
    host = text.substr(1, close - 1);
    if (!is_ipv6(host)) return "no IPv6 address between the brackets";
    const auto rest = text.substr(close + 1);
    if (!rest.empty() && !rest.starts_with(':')) return "after the bracket comes :port";
    has_port = !rest.empty();
    port = has_port ? rest.substr(1) : rest;
  } else {
    const std::size_t colon = text.find(':');
    if (colon != text.rfind(':')) return "an IPv6 address stands in brackets";
    host = text.substr(0, colon);
    has_port = colon != std::string_view::npos;
    if (has_port) port = text.substr(colon + 1);
    if (!is_host_name(host)) return "the host is missing or not a host name";
  }
  if (!has_port) {
    if (port_required) return "the port is missing";
    return TcpEndpoint{host, default_port};
  }
  const auto number = parse_number(port);
  if (!number || *number > 65535) return "the port is not a number from 0 to 65535";
  return TcpEndpoint{host, static_cast<std::uint16_t>(*number)};
}

}  // namespace

OrProblem<Endpoint> parse_listen(std::string_view text) {
  if (text.starts_with("unix:")) return parse_unix(text.substr(5));
  return parse_host_and_port(text, 0, true);
}

OrProblem<Upstream> parse_upstream(std::string_view text) {
  const bool tls = text.starts_with("https://");
  OrProblem<Endpoint> parsed;
  if (text.starts_with("unix:")) {
    parsed = parse_unix(text.substr(5));
  } else if (!tls && !text.starts_with("http://")) {
    return "it begins with none of http://, https:// and unix:";
  } else {
    text.remove_prefix(tls ? 8 : 7);
    if (text.ends_with('/')) text.remove_suffix(1);
    if (text.find_first_of("/?#@") != std::string_view::npos) {
      return "only a host and a port may stand after the scheme";
    }
    parsed = parse_host_and_port(text, tls ? 443 : 80, false);
  }
  if (const auto* problem = std::get_if<std::string>(&parsed)) return *problem;
  auto& endpoint = std::get<Endpoint>(parsed);
  const auto* tcp = std::get_if<TcpEndpoint>(&endpoint);
  if (tcp != nullptr && tcp->port == 0) return "the port is 0";
  return Upstream{std::move(endpoint), tls};
}

std::string to_string(const Endpoint& endpoint) {
  if (const auto* unix = std::get_if<UnixEndpoint>(&endpoint)) return "unix:" + unix->path;
  const auto& tcp = std::get<TcpEndpoint>(endpoint);
  const bool v6 = tcp.host.find(':') != std::string::npos;
  return (v6 ? "[" + tcp.host + "]" : tcp.host) + ":" + std::to_string(tcp.port);
}

OrProblem<AddressRange> parse_address_range(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string address(text.substr(0, slash));
  AddressRange range;
  in_addr v4{};
  in6_addr v6{};
  unsigned longest = 128;
  if (::inet_pton(AF_INET, address.c_str(), &v4) == 1) {
    range.network = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
    std::memcpy(range.network.data() + 12, &v4, 4);
    longest = 32;
  } else if (::inet_pton(AF_INET6, address.c_str(), &v6) == 1) {
    std::memcpy(range.network.data(), &v6, 16);
  } else {
    return shown(text) + " is no IP address or range";
  }
  if (slash != std::string_view::npos) {
    const auto prefix = parse_number(text.substr(slash + 1));
    if (!prefix || *prefix > longest)
      return shown(text) + " has no prefix length from 0 to " + std::to_string(longest);
    range.prefix = static_cast<unsigned>(*prefix) + (128 - longest);
  }
  for (unsigned bit = range.prefix; bit < 128; ++bit) {
    if ((range.network[bit / 8] >> (7 - bit % 8) & 1) != 0)
      return shown(text) + " has bits set beyond its prefix";
  }
  return range;
}

bool AddressRange::contains(const std::array<unsigned char, 16>& address) const noexcept {
  const unsigned whole = prefix / 8;
  if (!std::equal(network.begin(), network.begin() + whole, address.begin())) return false;
  if (prefix % 8 == 0) return true;
  const auto mask = static_cast<unsigned char>(0xFF00U >> (prefix % 8));
  return (network[whole] & mask) == (address[whole] & mask);
}

std::string to_string(const AddressRange& range) {
  constexpr std::array<unsigned char, 12> mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  const bool v4 = range.prefix >= 96 && std::equal(mapped.begin(), mapped.end(), range.network.begin());
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(v4 ? AF_INET : AF_INET6, range.network.data() + (v4 ? 12 : 0), text.data(), text.size());
  return std::string(text.data()) + "/" + std::to_string(range.prefix - (v4 ? 96 : 0));
}

}  // namespace postern::config
