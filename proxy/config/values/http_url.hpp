#pragma once
// http:// and https:// URLs of the settings, read as the URL Standard reads them where both agree; what a
// browser would silently repair is refused here.

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace postern::config {

struct HttpUrl {
  bool tls = false;
  std::string host;  // lower case; IPv6 without brackets, in its canonical form
  std::uint16_t port = 0;
  std::string origin;  // as `new URL(u).origin` writes it: no default port, IPv6 in brackets
  std::string target;  // path and query as written; empty: none

  // Whether it names this host: localhost and its subdomains, 127.0.0.0/8, ::1.
  [[nodiscard]] bool is_loopback() const;
};

// The URL, or what is wrong with its text. User-info and fragments are refused, non-ASCII hosts (write them
// as xn--), and hosts that only look like an IPv4 address.
std::variant<HttpUrl, std::string> parse_http_url(std::string_view text);

// Where Better Auth of base URL `base` publishes its keys: below its path, which is /api/auth without one.
std::string jwks_url_of(const HttpUrl& base);

}  // namespace postern::config
