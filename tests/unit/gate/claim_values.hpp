#pragma once
// Claims to order, as a verifier gives them.

#include <string_view>
#include <vector>

#include "token/claim_value.hpp"

namespace postern::gate::test {

using token::ClaimText;
using token::ClaimValue;

inline ClaimValue absent() {
  return {};
}
inline ClaimValue string(std::string_view text) {
  return {ClaimValue::Kind::string, text, {}};
}
inline ClaimValue integer(std::string_view text) {
  return {ClaimValue::Kind::integer, text, {}};
}
inline ClaimValue boolean(std::string_view text) {
  return {ClaimValue::Kind::boolean, text, {}};
}
inline ClaimValue other() {
  return {ClaimValue::Kind::other, {}, {}};
}
// `members` outlives the claim.
inline ClaimValue list(const std::vector<ClaimText>& members) {
  return {ClaimValue::Kind::list, {}, members};
}
inline ClaimText text(std::string_view value) {
  return {ClaimText::Kind::string, value};
}
inline ClaimText number(std::string_view value) {
  return {ClaimText::Kind::integer, value};
}
inline ClaimText flag(std::string_view value) {
  return {ClaimText::Kind::boolean, value};
}

}  // namespace postern::gate::test
