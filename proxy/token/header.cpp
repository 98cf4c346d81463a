#include "token/header.hpp"

#include <algorithm>

namespace postern::token {
namespace {

enum Name : std::size_t { alg, typ, crit, b64, kid };

bool equals_ignoring_case(std::string_view text, std::string_view lower) noexcept {
  return std::ranges::equal(text, lower, [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  });
}

// Explicit typing keeps tokens of other kinds under the same key apart (RFC 8725 3.11). A media type may be
// written without its application/ (RFC 7515 4.1.9, RFC 9068 4).
bool is_access_token(const Member& type) noexcept {
  if (!type.present()) return true;
  if (type.kind != MemberKind::string) return false;
  constexpr std::string_view prefix = "application/";
  std::string_view text = type.text;
  if (equals_ignoring_case(text.substr(0, prefix.size()), prefix)) text.remove_prefix(prefix.size());
  return equals_ignoring_case(text, "jwt") || equals_ignoring_case(text, "at+jwt");
}

}  // namespace

HeaderReader::HeaderReader() : object_({"alg", "typ", "crit", "b64", "kid"}) {}

TokenFault HeaderReader::check(std::string_view json, Header& header) {
  if (!object_.read(json)) return TokenFault::malformed_header;
  const auto members = object_.members();
  const auto algorithm =
      members[alg].kind == MemberKind::string ? algorithm_named(members[alg].text) : std::nullopt;
  if (!algorithm) return TokenFault::unsupported_algorithm;
  if (!is_access_token(members[typ])) return TokenFault::unsupported_type;
  // No extension is understood here, so whatever crit says is refused (RFC 7515 4.1.11; RFC 7797 7 for b64).
  if (members[crit].present() || members[b64].present()) return TokenFault::critical_extension;
  header.algorithm = *algorithm;
  header.kid.reset();
  if (*algorithm == Algorithm::hs256 || !members[kid].present()) return TokenFault::none;
  if (members[kid].kind != MemberKind::string) return TokenFault::malformed_header;  // RFC 7515 4.1.4
  header.kid = members[kid].text;
  return TokenFault::none;
}

}  // namespace postern::token
