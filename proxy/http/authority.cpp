#include "http/authority.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace postern::http {
namespace {

// unreserved and sub-delims of RFC 3986 2 without the comma, which would make a list of one host.
constexpr std::array<bool, 256> name_bytes = [] {
  std::array<bool, 256> table{};
  for (const char byte : std::string_view("-._~!$&'()*+;=0123456789"
                                          "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")) {
    table[static_cast<unsigned char>(byte)] = true;
  }
  return table;
}();

constexpr bool is_digit(char byte) noexcept {
  return byte >= '0' && byte <= '9';
}

constexpr int hex_value(char byte) noexcept {
  if (is_digit(byte)) return byte - '0';
  if (byte >= 'a' && byte <= 'f') return byte - 'a' + 10;
  if (byte >= 'A' && byte <= 'F') return byte - 'A' + 10;
  return -1;
}

// reg-name (RFC 3986 3.2.2). Percent-encoding is there for the UTF-8 of international names only; encoded
// ASCII would hide a delimiter or a second spelling of a host.
bool valid_registered_name(std::string_view name) noexcept {
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name_bytes[static_cast<unsigned char>(name[i])]) continue;
    if (name[i] != '%' || name.size() - i < 3) return false;
    if (hex_value(name[i + 1]) < 8 || hex_value(name[i + 2]) < 0) return false;
    i += 2;
  }
  return !name.empty();
}

// At most `most` digits worth at most `maximum`.
bool valid_decimal(std::string_view digits, std::size_t most, unsigned maximum) noexcept {
  if (digits.size() > most || !std::all_of(digits.begin(), digits.end(), is_digit)) return false;
  unsigned value = 0;
  for (const char digit : digits) value = value * 10 + static_cast<unsigned>(digit - '0');
  return value <= maximum;
}

// Four dec-octets, none with a leading zero.
bool valid_ipv4(std::string_view address) noexcept {
  for (int octets = 1;; ++octets) {
    const std::string_view octet = address.substr(0, address.find('.'));
    if (octet.empty() || (octet.size() > 1 && octet[0] == '0') || !valid_decimal(octet, 3, 255)) return false;
    if (octet.size() == address.size()) return octets == 4;
    address.remove_prefix(octet.size() + 1);
  }
}

// IPv6address of RFC 3986 3.2.2: eight groups, or at most seven around one "::"; the last two may be written
// as IPv4.
bool valid_ipv6(std::string_view address) noexcept {
  bool compressed = false;
  std::size_t groups = 0;
  const auto fits = [&] { return compressed ? groups <= 7 : groups == 8; };
  if (address.starts_with("::")) {
    compressed = true;
    address.remove_prefix(2);
    if (address.empty()) return true;
  }
  while (true) {
    const auto end =
        std::find_if(address.begin(), address.end(), [](char byte) { return hex_value(byte) < 0; });
    const auto digits = static_cast<std::size_t>(end - address.begin());
    if (end != address.end() && *end == '.') {
      groups += 2;
      return fits() && valid_ipv4(address);
    }
    if (digits < 1 || digits > 4) return false;
    ++groups;
    address.remove_prefix(digits);
    if (address.empty()) return fits();
    if (address.front() != ':') return false;
    address.remove_prefix(1);
    if (!address.starts_with(':')) continue;
    if (compressed) return false;
    compressed = true;
    address.remove_prefix(1);
    if (address.empty()) return fits();
  }
}

}  // namespace

bool valid_authority(std::string_view authority) noexcept {
  const bool bracketed = authority.starts_with('[');
  const std::size_t host_end =
      bracketed ? authority.find(']') : std::min(authority.find(':'), authority.size());
  if (host_end == std::string_view::npos) return false;
  const std::string_view host = authority.substr(bracketed ? 1 : 0, bracketed ? host_end - 1 : host_end);
  if (!(bracketed ? valid_ipv6(host) : valid_registered_name(host))) return false;
  const std::string_view rest = authority.substr(bracketed ? host_end + 1 : host_end);
  return rest.empty() || (rest[0] == ':' && valid_decimal(rest.substr(1), 5, 65535));
}

}  // namespace postern::http
