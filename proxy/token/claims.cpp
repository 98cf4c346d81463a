#include "token/claims.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <stdexcept>
#include <utility>
#include <vector>

namespace postern::token {
namespace {

enum Name : std::size_t { exp, nbf, iat, iss, aud, sub, uid };

std::vector<std::string> names_for(const ClaimsPolicy& policy) {
  if (!can_hold_uid(policy.uid_claim)) throw std::runtime_error("this claim cannot hold a user id");
  std::vector<std::string> names{"exp", "nbf", "iat", "iss", "aud", "sub"};
  if (policy.uid_claim != "sub") names.push_back(policy.uid_claim);
  return names;
}

std::int64_t saturating_difference(std::int64_t a, std::int64_t b) noexcept {
  std::int64_t difference = 0;
  if (!__builtin_sub_overflow(a, b, &difference)) return difference;
  return b < 0 ? std::numeric_limits<std::int64_t>::max() : std::numeric_limits<std::int64_t>::min();
}

bool is_after(const Number& a, const Number& b) noexcept {
  return a.whole != b.whole ? a.whole > b.whole : a.fraction > b.fraction;
}

bool lasts_longer(const Number& from, const Number& to, std::int64_t seconds) noexcept {
  return is_after({saturating_difference(to.whole, from.whole), to.fraction}, {seconds, from.fraction});
}

bool is_number_or_absent(const Member& time) noexcept {
  return !time.present() || time.kind == MemberKind::number;
}

TokenFault check_times(std::span<const Member> claims, const ClaimsPolicy& policy,
                       std::int64_t now) noexcept {
  const Number earliest{saturating_difference(now, policy.leeway), 0};
  const Number latest{saturating_difference(now, -policy.leeway), 0};
  if (!claims[exp].present()) return TokenFault::missing_expiry;
  for (const Name time : {exp, nbf, iat}) {
    if (!is_number_or_absent(claims[time])) return TokenFault::malformed_time;
  }
  if (!is_after(claims[exp].number, earliest)) return TokenFault::expired;
  if (claims[nbf].present() && is_after(claims[nbf].number, latest)) return TokenFault::not_yet_valid;
  if (claims[iat].present() && is_after(claims[iat].number, latest)) return TokenFault::issued_in_the_future;
  const Number issued = claims[iat].present() ? claims[iat].number : Number{now, 0};
  if (policy.max_lifetime && lasts_longer(issued, claims[exp].number, *policy.max_lifetime)) {
    return TokenFault::lifetime_too_long;
  }
  return TokenFault::none;
}

// RFC 7519 4.1.3: one string, or an array of strings of which one is ours.
bool is_meant_for(const Member& audience, std::string_view us) noexcept {
  const auto strings = audience.strings;
  if (audience.kind != MemberKind::strings) return audience.is_string(us);
  return std::ranges::find(strings, us) != strings.end();
}

}  // namespace

bool can_hold_uid(std::string_view claim) noexcept {
  constexpr std::array<std::string_view, 11> taken{
      "exp",   "nbf",      "iat",         "iss",    "aud",    "jti",  // RFC 7519 4.1
      "email", "updateTo", "requestType", "userId", "version"};  // Better Auth's own tokens, see verifier.hpp
  return std::ranges::find(taken, claim) == taken.end();
}

ClaimsReader::ClaimsReader(ClaimsPolicy policy) : policy_(std::move(policy)), object_(names_for(policy_)) {}

TokenFault ClaimsReader::check(std::string_view json, std::int64_t now, Verification& verified) {
  if (!object_.read(json)) return TokenFault::malformed_payload;
  const auto claims = object_.members();
  if (const auto fault = check_times(claims, policy_, now); fault != TokenFault::none) return fault;
  if (policy_.issuer && !claims[iss].is_string(*policy_.issuer)) return TokenFault::wrong_issuer;
  if (policy_.audience && !is_meant_for(claims[aud], *policy_.audience)) {
    return TokenFault::wrong_audience;
  }

  const bool uid_is_subject = claims.size() == uid;
  const Member& holder = claims[uid_is_subject ? sub : uid];
  if (!holder.present()) return TokenFault::missing_uid;
  const auto uid_found = holder.kind == MemberKind::string ? Uid::from(holder.text) : std::nullopt;
  if (!uid_found) return TokenFault::malformed_uid;
  // Better Auth writes the true user id into sub, while a claim copied from a profile field can name anybody.
  if (!uid_is_subject && policy_.subject_must_match && claims[sub].present() &&
      !claims[sub].is_string(uid_found->view())) {
    return TokenFault::subject_mismatch;
  }
  verified.uid = *uid_found;
  verified.expires_at = claims[exp].number.whole;
  return TokenFault::none;
}

}  // namespace postern::token
