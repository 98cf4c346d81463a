#include "relay/request/client_address.hpp"

#include "gate/rate_limit.hpp"

namespace postern::relay {
namespace {

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Without brackets and port: "[2001:db8::1]:4711", "192.0.2.1:4711". Empty where a bracket stays open.
std::string_view without_port(std::string_view entry) noexcept {
  if (entry.starts_with('[')) {
    const std::size_t end = entry.find(']');
    return end == std::string_view::npos ? std::string_view{} : entry.substr(1, end - 1);
  }
  const std::size_t colon = entry.find(':');
  const bool one_colon = colon != std::string_view::npos && colon == entry.rfind(':');
  return one_colon ? entry.substr(0, colon) : entry;
}

// Takes the last entry of a list from its end.
std::string_view take_last(std::string_view& list) noexcept {
  const std::size_t comma = list.rfind(',');
  const std::string_view last = comma == std::string_view::npos ? list : list.substr(comma + 1);
  list = comma == std::string_view::npos ? std::string_view{} : list.substr(0, comma);
  return trimmed(last);
}

}  // namespace

transport::Peer client_of(const http::RequestHead& head, const transport::Peer& peer,
                          const config::TrustedProxies& trusted_proxies) {
  transport::Peer client = peer;
  if (!client.is_trusted_proxy()) return client;
  for (auto field = head.fields.rbegin(); field != head.fields.rend(); ++field) {
    if (field->field_class != http::FieldClass::x_forwarded_for || http::is_underscored(field->name))
      continue;
    for (std::string_view list = field->value; !list.empty();) {
      const auto address = gate::parse_address(without_port(take_last(list)));
      if (!address) return client;
      client = transport::Peer(*address, trusted_proxies);
      if (!client.is_trusted_proxy()) return client;
    }
  }
  return client;
}

}  // namespace postern::relay
