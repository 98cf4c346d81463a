#pragma once
// Addresses as they are written in variables.

#include <string>
#include <string_view>
#include <variant>

#include "config/config.hpp"

namespace postern::config {

template <class T>
using OrProblem = std::variant<T, std::string>;  // the value, or what is wrong with its text

// "host:port", "[v6]:port", "unix:/path". Port 0 lets the kernel choose.
OrProblem<Endpoint> parse_listen(std::string_view text);

struct Upstream {
  Endpoint endpoint;
  bool tls = false;
};
// "http://host[:port][/]", "https://host[:port][/]" or "unix:/path".
OrProblem<Upstream> parse_upstream(std::string_view text);

// "192.0.2.1", "10.0.0.0/8", "2001:db8::/32"; bits beyond the prefix must be zero.
OrProblem<AddressRange> parse_address_range(std::string_view text);
std::string to_string(const AddressRange& range);

}  // namespace postern::config
