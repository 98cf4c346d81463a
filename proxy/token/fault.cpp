#include "token/fault.hpp"

#include <array>
#include <utility>

namespace postern::token {
namespace {

using enum TokenFault;

constexpr std::array<std::pair<TokenFault, std::string_view>, 29> texts{{
    {none, "ok"},
    {too_large, "token too large"},
    {not_three_parts, "not three parts"},
    {malformed_base64url, "malformed base64url"},
    {malformed_header, "malformed header"},
    {unsupported_algorithm, "unsupported algorithm"},
    {unsupported_type, "unsupported type"},
    {critical_extension, "critical extension"},
    {algorithm_confusion, "algorithm of another key"},
    {bad_signature, "bad signature"},
    {malformed_payload, "malformed payload"},
    {missing_expiry, "missing expiry"},
    {malformed_time, "malformed time"},
    {expired, "expired"},
    {not_yet_valid, "not yet valid"},
    {issued_in_the_future, "issued in the future"},
    {lifetime_too_long, "lifetime too long"},
    {wrong_issuer, "wrong issuer"},
    {wrong_audience, "wrong audience"},
    {missing_uid, "missing uid"},
    {malformed_uid, "malformed uid"},
    {subject_mismatch, "subject mismatch"},
    {id_token, "ID token"},
    {client_token, "client's own token"},
    {bound_to_key, "bound to a key"},
    {wrong_certificate, "bound to another certificate"},
    {revoked, "revoked"},
    {unknown_key, "unknown key"},
    {no_key_set, "no key set"},
}};

// So that the value of a fault is its index.
constexpr bool in_order() {
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (static_cast<std::size_t>(texts[i].first) != i) return false;
  }
  return static_cast<std::size_t>(no_key_set) + 1 == texts.size();
}
static_assert(in_order());

}  // namespace

std::string_view text_of(TokenFault fault) noexcept {
  return texts[static_cast<std::size_t>(fault)].second;
}

}  // namespace postern::token
