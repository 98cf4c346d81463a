#include "token/header.hpp"

#include <algorithm>

namespace postern::token {
namespace {

enum Name : std::size_t { alg, typ, crit, b64 };

bool equals_ignoring_case(std::string_view text, std::string_view lower) noexcept {
  return std::ranges::equal(text, lower, [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  });
}

// Explicit typing keeps tokens of other kinds under the same key apart (RFC 8725 3.11).
bool is_access_token(const Member& type) noexcept {
  if (!type.present()) return true;
  return type.kind == MemberKind::string &&
         (equals_ignoring_case(type.text, "jwt") || equals_ignoring_case(type.text, "at+jwt"));
}

}  // namespace

HeaderReader::HeaderReader() : object_({"alg", "typ", "crit", "b64"}) {}

TokenFault HeaderReader::check(std::string_view json) {
  if (!object_.read(json)) return TokenFault::malformed_header;
  const auto members = object_.members();
  if (!members[alg].is_string("HS256")) return TokenFault::unsupported_algorithm;
  if (!is_access_token(members[typ])) return TokenFault::unsupported_type;
  // No extension is understood here, so whatever crit says is refused (RFC 7515 4.1.11; RFC 7797 7 for b64).
  if (members[crit].present() || members[b64].present()) return TokenFault::critical_extension;
  return TokenFault::none;
}

}  // namespace postern::token
