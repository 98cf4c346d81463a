#include "gate/claim_fields.hpp"

#include <algorithm>

#include "http/field_line.hpp"

namespace postern::gate {
namespace {

using token::ClaimText;
using token::ClaimValue;

bool fits_a_field(std::string_view text) noexcept {
  return !text.empty() && text.front() != ' ' && text.back() != ' ' &&
         std::all_of(text.begin(), text.end(), [](char byte) { return byte >= 0x20 && byte < 0x7F; });
}

bool can_be_joined(std::span<const ClaimText> members) noexcept {
  return !members.empty() && std::all_of(members.begin(), members.end(), [](const ClaimText& member) {
    return fits_a_field(member.text) && member.text.find(',') == member.text.npos;
  });
}

bool has_field_value(const ClaimValue& claim) noexcept {
  switch (claim.kind) {
    case ClaimValue::Kind::string:
    case ClaimValue::Kind::integer:
    case ClaimValue::Kind::boolean:
      return fits_a_field(claim.text);
    case ClaimValue::Kind::list:
      return can_be_joined(claim.list);
    case ClaimValue::Kind::absent:
    case ClaimValue::Kind::other:
      break;
  }
  return false;
}

void append_value(std::string& out, const ClaimValue& claim) {
  if (claim.kind != ClaimValue::Kind::list) {
    out.append(claim.text);
    return;
  }
  for (std::size_t at = 0; at < claim.list.size(); ++at) {
    out.append(at == 0 ? "" : ",").append(claim.list[at].text);
  }
}

}  // namespace

void append_claim_fields(std::string& out, std::span<const route::ClaimHeader> headers,
                         std::span<const ClaimValue> claims) {
  for (const route::ClaimHeader& header : headers) {
    if (header.kept >= claims.size() || !has_field_value(claims[header.kept])) continue;
    http::begin_field(out, header.name);
    append_value(out, claims[header.kept]);
    http::end_field(out);
  }
}

}  // namespace postern::gate
