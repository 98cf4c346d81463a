#include "config/values/http_url.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>

#include "config/values/values.hpp"

namespace postern::config {
namespace {

// The URL Standard's serializer, not inet_ntop's, which writes the last four bytes of mapped addresses
// otherwise.
std::string canonical_ipv6(const std::array<unsigned char, 16>& bytes) {
  std::array<unsigned, 8> pieces{};
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    pieces[i] = static_cast<unsigned>(bytes[2 * i]) << 8 | bytes[2 * i + 1];
  }
  std::size_t longest = 1, begin = pieces.size();  // a single zero is not shortened
  for (std::size_t i = 0; i < pieces.size();) {
    std::size_t end = i;
    while (end < pieces.size() && pieces[end] == 0) ++end;
    if (end - i > longest) {
      longest = end - i;
      begin = i;
    }
    i = std::max(end, i + 1);
  }
  std::string out;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    if (i == begin) {
      out += "::";
      i += longest - 1;
      continue;
    }
    if (!out.empty() && !out.ends_with(':')) out += ':';
    std::array<char, 4> hex{};
    out.append(hex.data(), std::to_chars(hex.data(), hex.data() + hex.size(), pieces[i], 16).ptr);
  }
  return out;
}

bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// Browsers read 127.1, 0x7f000001 and 017700000001 as addresses: only the form that all agree on is taken.
bool is_sound_name(const std::string& host) {
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyz0123456789-._";
  if (host.empty() || host.find_first_not_of(allowed) != std::string::npos) return false;
  std::string_view last = host;
  if (last.ends_with('.')) last.remove_suffix(1);
  last = last.substr(last.rfind('.') + 1);  // npos + 1 is 0
  if (!is_digits(last) && !last.starts_with("0x")) return true;
  in_addr address{};
  std::array<char, INET_ADDRSTRLEN> text{};
  return ::inet_pton(AF_INET, host.c_str(), &address) == 1 &&
         ::inet_ntop(AF_INET, &address, text.data(), text.size()) != nullptr && host == text.data();
}

// Takes host and port from an authority; what is wrong, or nothing.
std::string read_authority(std::string_view authority, HttpUrl& url) {
  std::size_t end = 0;
  std::string shown_host;
  if (authority.starts_with('[')) {
    end = authority.find(']');
    std::array<unsigned char, 16> address{};
    const std::string text(authority.substr(1, end == std::string_view::npos ? end : end - 1));
    if (end == std::string_view::npos || ::inet_pton(AF_INET6, text.c_str(), address.data()) != 1) {
      return "its host is no IPv6 address";
    }
    ++end;
    url.host = canonical_ipv6(address);
    shown_host = '[' + url.host + ']';
  } else {
    end = std::min(authority.find(':'), authority.size());
    url.host = lower_case(authority.substr(0, end));
    if (!is_sound_name(url.host)) return "its host is no name and no address";
    shown_host = url.host;
  }
  const std::uint16_t usual = url.tls ? 443 : 80;
  url.port = usual;
  std::string_view port = authority.substr(end);
  if (!port.empty() && port.front() != ':') return "its host is no name and no address";
  if (port.size() > 1) {
    const auto number = parse_number(port.substr(1));
    if (!is_digits(port.substr(1)) || !number || *number == 0 || *number > 65535) return "its port is none";
    url.port = static_cast<std::uint16_t>(*number);
  }
  url.origin = (url.tls ? "https://" : "http://") + shown_host;
  if (url.port != usual) url.origin += ':' + std::to_string(url.port);
  return {};
}

}  // namespace

std::variant<HttpUrl, std::string> parse_http_url(std::string_view text) {
  const bool visible = std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7F; });
  if (!visible || text.find('\\') != std::string_view::npos) return "is no URL";
  HttpUrl url;
  const std::size_t scheme = text.find("://");
  const std::string name = lower_case(text.substr(0, scheme == std::string_view::npos ? 0 : scheme));
  if (name != "http" && name != "https") return "begins with neither http:// nor https://";
  url.tls = name == "https";
  text.remove_prefix(scheme + 3);
  const std::size_t end = std::min(text.find_first_of("/?#"), text.size());
  const std::string_view authority = text.substr(0, end);
  if (authority.find('@') != std::string_view::npos) return "holds a user name";
  if (std::string problem = read_authority(authority, url); !problem.empty()) return problem;
  url.target = text.substr(end);
  if (url.target.find('#') != std::string::npos) return "has a fragment";
  if (url.target.starts_with('?')) url.target.insert(0, 1, '/');
  return url;
}

bool HttpUrl::is_loopback() const {
  return host == "localhost" || host.ends_with(".localhost") || host == "::1" ||
         (host.starts_with("127.") && is_digits(host.substr(host.rfind('.') + 1)));
}

std::string jwks_url_of(const HttpUrl& base) {
  std::string path = base.target;
  while (path.ends_with('/')) path.pop_back();
  return base.origin + (path.empty() ? "/api/auth" : path) + "/jwks";
}

}  // namespace postern::config
