#include "token/claims.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <stdexcept>
#include <utility>
#include <vector>

namespace postern::token {
namespace {

enum Name : std::size_t {
  exp,
  nbf,
  iat,
  iss,
  aud,
  sub,
  jti,
  sid,
  cnf,
  client_id,
  azp,
  at_hash,
  c_hash,
  s_hash,
  nonce,
};

constexpr std::array<std::string_view, 15> always_read{"exp", "nbf",     "iat",    "iss",    "aud",
                                                       "sub", "jti",     "sid",    "cnf",    "client_id",
                                                       "azp", "at_hash", "c_hash", "s_hash", "nonce"};
static_assert(always_read[nonce] == "nonce");

// The place of `name`, which is added when it is not there.
std::size_t place_of(std::string_view name, std::vector<std::string>& names) {
  const auto found = std::ranges::find(names, name);
  const auto place = static_cast<std::size_t>(found - names.begin());
  if (found == names.end()) names.emplace_back(name);
  return place;
}

std::vector<std::string> names_for(const ClaimsPolicy& policy) {
  std::vector<std::string> names(always_read.begin(), always_read.end());
  for (const std::string& name : policy.uid_claims) place_of(name, names);
  for (const std::string& name : policy.kept_claims) place_of(name, names);
  return names;
}

std::vector<std::size_t> places_of(const std::vector<std::string>& wanted, std::vector<std::string>& names) {
  std::vector<std::size_t> places;
  places.reserve(wanted.size());
  for (const std::string& name : wanted) places.push_back(place_of(name, names));
  return places;
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
  if (audience.kind != MemberKind::list) return audience.is_string(us);
  const auto is_string = [](const ClaimText& one) { return one.kind == ClaimText::Kind::string; };
  return std::ranges::all_of(audience.list, is_string) &&
         std::ranges::any_of(audience.list, [us](const ClaimText& one) { return one.text == us; });
}

std::string_view text_of(const Member& member) noexcept {
  return member.kind == MemberKind::string ? member.text : std::string_view{};
}

// Not every token that an issuer signs is a user's access token.
TokenFault check_kind(std::span<const Member> claims) noexcept {
  for (const Name hash : {at_hash, c_hash, s_hash, nonce}) {
    if (claims[hash].present()) return TokenFault::id_token;
  }
  // A certificate's thumbprint alone can be proven here, by the connection; any other proof was lost on the
  // way (RFC 9449 7.2).
  const Member& bound = claims[cnf];
  constexpr std::size_t sha256_in_base64url = 43;
  if (bound.present() && (bound.kind != MemberKind::single || bound.name != "x5t#S256" ||
                          bound.text.size() != sha256_in_base64url)) {
    return TokenFault::bound_to_key;
  }
  const Member& subject = claims[sub];
  if (subject.kind == MemberKind::string &&
      (claims[client_id].is_string(subject.text) || claims[azp].is_string(subject.text))) {
    return TokenFault::client_token;
  }
  return TokenFault::none;
}

}  // namespace

bool can_hold_uid(std::string_view claim) noexcept {
  constexpr std::array<std::string_view, 20> taken{
      "",      "exp",   "nbf",       "iat",         "iss",     "aud",    "jti",     // RFC 7519 4.1
      "sid",   "cnf",   "client_id", "azp",         "at_hash", "c_hash", "s_hash",  // see check_kind()
      "nonce", "email", "updateTo",  "requestType", "userId",  "version"};  // Better Auth's own tokens
  return std::ranges::find(taken, claim) == taken.end();
}

TokenFault check_binding(std::string_view thumbprint, const ClientCertificate& certificate,
                         std::int64_t now) noexcept {
  if (thumbprint.empty()) return TokenFault::none;
  const bool same = certificate.thumbprint == thumbprint && now < certificate.not_after;
  return same ? TokenFault::none : TokenFault::wrong_certificate;
}

ClaimsReader::ClaimsReader(ClaimsPolicy policy)
    : policy_(std::move(policy)),
      names_(names_for(policy_)),
      uid_places_(places_of(policy_.uid_claims, names_)),
      kept_places_(places_of(policy_.kept_claims, names_)),
      kept_(kept_places_.size()),
      object_(names_) {
  const auto& claims = policy_.uid_claims;
  if (claims.empty() || !std::ranges::all_of(claims, can_hold_uid)) {
    throw std::runtime_error("this claim cannot hold a user id");
  }
}

bool ClaimsReader::read(std::string_view json) {
  return object_.read(json);
}

std::optional<std::string_view> ClaimsReader::issuer() const noexcept {
  const Member& issuer = object_.members()[iss];
  if (issuer.kind != MemberKind::string) return std::nullopt;
  return issuer.text;
}

std::string_view ClaimsReader::thumbprint() const noexcept {
  return object_.members()[cnf].text;
}

TokenFault ClaimsReader::check(const Parties& parties, std::int64_t now, Verification& verified) {
  const auto claims = object_.members();
  if (const auto fault = check_times(claims, policy_, now); fault != TokenFault::none) return fault;
  if (parties.issuer && !claims[iss].is_string(*parties.issuer)) return TokenFault::wrong_issuer;
  if (parties.audience && !is_meant_for(claims[aud], *parties.audience)) return TokenFault::wrong_audience;
  if (const auto fault = check_kind(claims); fault != TokenFault::none) return fault;
  if (const auto fault = check_uid(parties.audience.has_value(), verified); fault != TokenFault::none) {
    return fault;
  }
  verified.expires_at = claims[exp].number.whole;
  for (std::size_t i = 0; i < kept_.size(); ++i) kept_[i] = claim_value(claims[kept_places_[i]]);
  verified.claims = kept_;
  verified.revocable = {text_of(claims[sub]), text_of(claims[jti]), text_of(claims[sid]), {}};
  if (claims[iat].present()) verified.revocable.issued_at = claims[iat].number.whole;
  return TokenFault::none;
}

TokenFault ClaimsReader::check_uid(bool audience_demanded, Verification& verified) const {
  const auto claims = object_.members();
  const auto names_user = [&](std::size_t place) {
    return claims[place].present() && (place != sub || audience_demanded);
  };
  const auto place = std::ranges::find_if(uid_places_, names_user);
  if (place == uid_places_.end()) return TokenFault::missing_uid;
  const Member& holder = claims[*place];
  const auto uid = holder.kind == MemberKind::string ? Uid::from(holder.text) : std::nullopt;
  if (!uid) return TokenFault::malformed_uid;
  // Better Auth writes the true user id into sub, while a claim copied from a profile field can name anybody.
  if (*place != sub && policy_.subject_must_match && claims[sub].present() &&
      !claims[sub].is_string(uid->view())) {
    return TokenFault::subject_mismatch;
  }
  verified.uid = *uid;
  return TokenFault::none;
}

}  // namespace postern::token
