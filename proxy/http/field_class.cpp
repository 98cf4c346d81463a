#include "http/field_class.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include "http/message.hpp"

namespace postern::http {
namespace {

struct Known {
  std::string_view name;
  FieldClass field_class;
};

// By length: the length alone tells most names of a head from all of these.
constexpr std::array known = {
    Known{"TE", FieldClass::hop_by_hop},
    Known{"Host", FieldClass::host},
    Known{"Cookie", FieldClass::cookie},
    Known{"Expect", FieldClass::expect},
    Known{"Trailer", FieldClass::trailer},
    Known{"Upgrade", FieldClass::hop_by_hop},
    Known{"Forwarded", FieldClass::forwarded},
    Known{"Connection", FieldClass::hop_by_hop},
    Known{"Keep-Alive", FieldClass::hop_by_hop},
    Known{"Content-Type", FieldClass::content_format},
    Known{"X-Request-Id", FieldClass::x_request_id},
    Known{"Authorization", FieldClass::authorization},
    Known{"Content-Range", FieldClass::content_format},
    Known{"Content-Length", FieldClass::content_length},
    Known{"HTTP2-Settings", FieldClass::hop_by_hop},
    Known{"X-Forwarded-For", FieldClass::x_forwarded_for},
    Known{"Content-Encoding", FieldClass::content_format},
    Known{"Proxy-Connection", FieldClass::hop_by_hop},
    Known{"X-Forwarded-Host", FieldClass::x_forwarded_host},
    Known{"Transfer-Encoding", FieldClass::transfer_encoding},
    Known{"X-Forwarded-Proto", FieldClass::x_forwarded_proto},
    Known{"X-Postern-Identity", FieldClass::signed_identity},
    Known{"Proxy-Authorization", FieldClass::proxy_authorization},
    Known{"Sec-WebSocket-Protocol", FieldClass::websocket_protocol},
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

}  // namespace

FieldClass class_of(std::string_view name) noexcept {
  if (name.size() > longest) return FieldClass::other;
  for (std::size_t at = begin_of_length[name.size()]; at < begin_of_length[name.size() + 1]; ++at) {
    if (equal_when_folded(name, known[at].name)) return known[at].field_class;
  }
  return FieldClass::other;
}

bool is_nominated(std::string_view name, std::span<const std::string_view> connection) noexcept {
  for (const std::string_view option : connection) {
    if (option.size() == name.size() && equal_ignoring_case(option, name)) return true;
  }
  return false;
}

}  // namespace postern::http
