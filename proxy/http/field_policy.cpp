#include "http/field_policy.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include "http/name_comparison.hpp"

namespace postern::http {
namespace {

struct Known {
  std::string_view name;
  FieldName known;  // to Beast
  FieldClass field_class;
};

// By length: the length alone tells most names of a head from all of these.
constexpr std::array known = {
    Known{"TE", FieldName::te, FieldClass::hop_by_hop},
    Known{"Host", FieldName::host, FieldClass::host},
    Known{"Cookie", FieldName::cookie, FieldClass::cookie},
    Known{"Expect", FieldName::expect, FieldClass::expect},
    Known{"Trailer", FieldName::trailer, FieldClass::trailer},
    Known{"Upgrade", FieldName::upgrade, FieldClass::hop_by_hop},
    Known{"Forwarded", FieldName::forwarded, FieldClass::forwarded},
    Known{"X-Real-IP", FieldName::unknown, FieldClass::x_real_ip},
    Known{"Connection", FieldName::connection, FieldClass::hop_by_hop},
    Known{"Keep-Alive", FieldName::keep_alive, FieldClass::hop_by_hop},
    Known{"Content-Type", FieldName::content_type, FieldClass::content_format},
    Known{"X-Request-Id", FieldName::unknown, FieldClass::x_request_id},
    Known{"Authorization", FieldName::authorization, FieldClass::authorization},
    Known{"Content-Range", FieldName::content_range, FieldClass::content_format},
    Known{"Content-Length", FieldName::content_length, FieldClass::content_length},
    Known{"HTTP2-Settings", FieldName::http2_settings, FieldClass::hop_by_hop},
    Known{"X-Forwarded-For", FieldName::unknown, FieldClass::x_forwarded_for},
    Known{"Content-Encoding", FieldName::content_encoding, FieldClass::content_format},
    Known{"Proxy-Connection", FieldName::proxy_connection, FieldClass::hop_by_hop},
    Known{"X-Forwarded-Host", FieldName::unknown, FieldClass::x_forwarded_host},
    Known{"Transfer-Encoding", FieldName::transfer_encoding, FieldClass::transfer_encoding},
    Known{"X-Forwarded-Proto", FieldName::unknown, FieldClass::x_forwarded_proto},
    Known{"X-Postern-Identity", FieldName::unknown, FieldClass::signed_identity},
    Known{"X-Postern-Override", FieldName::unknown, FieldClass::override_mark},
    Known{"Proxy-Authorization", FieldName::proxy_authorization, FieldClass::proxy_authorization},
    Known{"Sec-WebSocket-Protocol", FieldName::sec_websocket_protocol, FieldClass::websocket_protocol},
};
constexpr bool shorter(const Known& a, const Known& b) noexcept {
  return a.name.size() < b.name.size();
}
static_assert(std::is_sorted(known.begin(), known.end(), shorter));

constexpr std::size_t longest = known.back().name.size();

// Where the names of each length begin; those of length n end where those of length n + 1 begin.
constexpr auto begin_of_length = [] {
  std::array<std::size_t, longest + 2> begin{};
  for (std::size_t length = 0; length < begin.size(); ++length) {
    while (begin[length] < known.size() && known[begin[length]].name.size() < length) ++begin[length];
  }
  return begin;
}();

// By Beast's number of the name, as far as the names of the table reach.
constexpr std::size_t numbers = [] {
  std::size_t highest = 0;
  for (const Known& entry : known) highest = std::max(highest, static_cast<std::size_t>(entry.known));
  return highest + 1;
}();
constexpr auto class_of_known = [] {
  std::array<FieldClass, numbers> classes{};
  for (const Known& entry : known) {
    if (entry.known != FieldName::unknown) classes[static_cast<std::size_t>(entry.known)] = entry.field_class;
  }
  return classes;
}();

bool is_about_forwarding(std::string_view name) noexcept {
  constexpr std::string_view prefix = "X-Forwarded-";
  return name.size() > prefix.size() && (name.front() == 'X' || name.front() == 'x') &&
         equal_when_folded(name.substr(0, prefix.size()), prefix);
}

}  // namespace

FieldClass class_of(FieldName known_as, std::string_view name) noexcept {
  const auto number = static_cast<std::size_t>(known_as);
  if (known_as != FieldName::unknown) return number < numbers ? class_of_known[number] : FieldClass::other;
  const std::size_t length = std::min(name.size(), longest + 1);
  const std::size_t end = length > longest ? 0 : begin_of_length[length + 1];
  for (std::size_t at = begin_of_length[length]; at < end; ++at) {
    if (equal_when_folded(name, known[at].name)) return known[at].field_class;
  }
  return is_about_forwarding(name) ? FieldClass::x_forwarded_other : FieldClass::other;
}

bool is_guarded(std::string_view name, std::string_view identity_header,
                std::span<const std::string> more) noexcept {
  return equal_when_folded(name, identity_header) ||
         std::any_of(more.begin(), more.end(),
                     [name](const std::string& guarded) { return equal_when_folded(name, guarded); });
}

bool is_nominated(std::string_view name, std::span<const std::string_view> connection) noexcept {
  for (const std::string_view option : connection) {
    if (option.size() == name.size() && equal_ignoring_case(option, name)) return true;
  }
  return false;
}

}  // namespace postern::http
