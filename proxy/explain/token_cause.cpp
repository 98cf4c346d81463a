#include <algorithm>
#include <string_view>

#include "config/values/timestamp.hpp"
#include "config/values/values.hpp"
#include "explain/find_cause.hpp"
#include "explain/secret_forms.hpp"
#include "observe/words.hpp"

namespace postern::explain {
namespace {

using observe::Cause;

// In seconds this is the year 2603, in milliseconds a day of 1970.
constexpr std::int64_t surely_milliseconds = 20'000'000'000;
// In seconds since 1970 this was 1973; no issuer is so old.
constexpr std::int64_t surely_lifetime = 100'000'000;

std::string moment(std::int64_t seconds, std::int64_t now) {
  constexpr std::int64_t year_1 = -62'135'596'800, year_9999 = 253'402'300'799;
  const std::string far = distance(seconds, now);
  if (seconds < year_1 || seconds > year_9999) return std::to_string(seconds);
  return far + ", at " + config::timestamp_to_string(seconds);
}

std::string both(std::string_view expected, const boost::json::value* found) {
  return "expected " + config::shown(expected) + ", found " + shown(found);
}

Diagnosis other_algorithm(const Subject& subject) {
  const auto* const alg = member(subject.token.header, "alg");
  const std::string_view name = text_of(alg).value_or("");
  if (config::lower_case(name) == "none") return {Cause::unsigned_token, ""};
  if (name == "HS256") return {Cause::secret_signed, ""};
  if (token::algorithm_named(name)) return {Cause::key_pair_signed, "alg " + shown(alg)};
  return {Cause::other_algorithm, "alg " + shown(alg)};
}

Diagnosis bad_signature(const Subject& subject) {
  if (!is_signed_by_secret(subject.token)) {
    return {Cause::foreign_key_pair, "kid " + shown(member(subject.token.header, "kid"))};
  }
  constexpr std::size_t hs256_size = 32;
  if (const std::size_t size = subject.token.signature.size(); size != hs256_size) {
    return {Cause::not_base64url,
            "its signature has " + observe::count(size, "byte") + ", and HS256 makes 32"};
  }
  if (subject.keys.secrets == nullptr) return {Cause::wrong_secret, ""};
  const auto& secrets = subject.keys.secrets->all();
  if (const auto form = other_form(secrets, subject.token.signing_input, subject.token.signature))
    return {*form, ""};
  return {Cause::wrong_secret, "tried " + observe::count(secrets.size(), "secret") +
                                   ", also without white space, quotes and base64"};
}

Diagnosis not_base64url(const Subject& subject) {
  const bool padded = std::ranges::any_of(
      subject.token.parts, [](std::string_view part) { return part.find_first_of("=+/") != part.npos; });
  if (subject.token.parts.size() == 3 && subject.token.header && padded) return {Cause::padded_base64, ""};
  return {Cause::not_base64url, ""};
}

Diagnosis expired(const Subject& subject) {
  const auto exp = seconds_of(member(subject.token.payload, "exp"));
  if (!exp) return {Cause::expired, ""};
  if (*exp < surely_lifetime) return {Cause::lifetime_as_moment, "exp is " + std::to_string(*exp)};
  return {Cause::expired, moment(*exp, subject.now)};
}

Diagnosis lifetime_too_long(const Subject& subject) {
  const auto exp = seconds_of(member(subject.token.payload, "exp"));
  if (!exp) return {Cause::lifetime_too_long, ""};
  if (*exp > surely_milliseconds) return {Cause::expiry_in_milliseconds, "exp is " + std::to_string(*exp)};
  const auto iat = seconds_of(member(subject.token.payload, "iat"));
  std::string detail = "it lives " + observe::span_of(*exp - iat.value_or(subject.now));
  if (subject.claims.max_lifetime)
    detail += ", " + observe::span_of(*subject.claims.max_lifetime) + " are allowed";
  return {Cause::lifetime_too_long, detail};
}

Diagnosis too_early(const Subject& subject, Cause cause, std::string_view claim) {
  const auto time = seconds_of(member(subject.token.payload, claim));
  if (!time) return {cause, ""};
  if (*time > surely_milliseconds && cause == Cause::clock_behind)
    return {Cause::issued_in_milliseconds, "iat is " + std::to_string(*time)};
  return {cause, std::string(claim) + " lies " + observe::span_of(*time - subject.now) + " ahead, " +
                     observe::span_of(subject.claims.leeway) + " are allowed; compare 'date -u' on both"};
}

// What is left of an issuer when what people get wrong is taken away.
std::string core_of(std::string_view issuer) {
  std::string core = config::lower_case(issuer);
  if (const std::size_t scheme = core.find("://"); scheme != core.npos) core.erase(0, scheme + 3);
  for (const std::string_view end : {"/", "/api/auth"}) {
    if (core.ends_with(end)) core.erase(core.size() - end.size());
  }
  return core;
}

Diagnosis wrong_issuer(const Subject& subject) {
  const auto* const iss = member(subject.token.payload, "iss");
  std::vector<std::string> expected;
  if (is_signed_by_secret(subject.token)) {
    if (subject.claims.issuer) expected.push_back(*subject.claims.issuer);
  } else {
    for (const auto& set : subject.keys.sets) {
      if (set->issuer) expected.push_back(*set->issuer);
    }
  }
  std::string list;
  bool almost = false;
  for (const std::string& one : expected) {
    list += (list.empty() ? "" : " or ") + config::shown(one);
    almost = almost || core_of(one) == core_of(text_of(iss).value_or(""));
  }
  const std::string detail = "expected " + list + ", found " + shown(iss);
  if (iss == nullptr) return {Cause::no_issuer, detail};
  return {almost ? Cause::issuer_almost : Cause::wrong_issuer, detail};
}

Diagnosis wrong_audience(const Subject& subject) {
  const auto* const aud = member(subject.token.payload, "aud");
  std::optional<std::string> expected = subject.claims.audience;
  if (!is_signed_by_secret(subject.token)) {
    if (const auto set = set_of(subject.token, subject.keys)) expected = subject.keys.sets[*set]->audience;
  }
  return {aud == nullptr ? Cause::no_audience : Cause::wrong_audience, both(expected.value_or(""), aud)};
}

Diagnosis missing_uid(const Subject& subject) {
  std::string names;
  for (const std::string& claim : subject.claims.uid_claims) names += (names.empty() ? "" : ", ") + claim;
  const auto has = [&subject](std::string_view name) {
    return member(subject.token.payload, name) != nullptr;
  };
  if (!has("sub") &&
      ((has("session") && has("user")) || has("updateTo") || has("requestType") || has("email"))) {
    return {Cause::other_better_auth_token, has("email") ? "of its e-mail verification" : "of its session"};
  }
  if (has("sub"))
    return {Cause::sub_without_audience, "sub is " + shown(member(subject.token.payload, "sub"))};
  return {Cause::no_uid, "none of its claims is " + names};
}

Diagnosis malformed_uid(const Subject& subject) {
  for (const std::string& claim : subject.claims.uid_claims) {
    if (const auto* const found = member(subject.token.payload, claim))
      return {Cause::malformed_uid, claim + " is " + shown(found)};
  }
  return {Cause::malformed_uid, ""};
}

Diagnosis subject_mismatch(const Subject& subject) {
  for (const std::string& claim : subject.claims.uid_claims) {
    const auto* const found = member(subject.token.payload, claim);
    if (found != nullptr && claim != "sub") {
      return {Cause::subject_mismatch,
              claim + " is " + shown(found) + ", sub " + shown(member(subject.token.payload, "sub"))};
    }
  }
  return {Cause::subject_mismatch, ""};
}

Diagnosis id_token(const Subject& subject) {
  for (const std::string_view name : {"nonce", "at_hash", "c_hash", "s_hash"}) {
    if (member(subject.token.payload, name) != nullptr)
      return {Cause::id_token, "it has " + std::string(name)};
  }
  return {Cause::id_token, ""};
}

Diagnosis missing_key(const Subject& subject, Cause general) {
  const auto set = set_of(subject.token, subject.keys);
  if (!set) return {general, ""};
  const KeySetReport& report = subject.key_sets[*set];
  if (!report.problem.empty()) return {Cause::no_key_set, report.name + ": " + report.problem};
  std::string detail = "kid " + shown(member(subject.token.header, "kid")) + ", the set has ";
  constexpr std::size_t most_shown = 4;
  const auto& keys = subject.keys.sets[*set]->keys;
  for (std::size_t i = 0; i < keys.size() && i < most_shown; ++i) {
    detail += (i == 0 ? "" : ", ") + (keys[i].kid ? config::shown(*keys[i].kid) : "one without kid");
  }
  if (keys.size() > most_shown) detail += " and " + std::to_string(keys.size() - most_shown) + " more";
  return {general, detail};
}

Diagnosis other_type(const Subject& subject) {
  return {Cause::other_type, "typ " + shown(member(subject.token.header, "typ"))};
}

Diagnosis times_are_no_numbers(const Subject& subject) {
  for (const std::string_view name : {"exp", "nbf", "iat"}) {
    const auto* const time = member(subject.token.payload, name);
    if (time != nullptr && !time->is_number())
      return {Cause::malformed_time, std::string(name) + " is " + shown(time)};
  }
  return {Cause::malformed_time, ""};
}

}  // namespace

Diagnosis find_token_cause(const Subject& subject, Cause general) {
  switch (general) {
    case Cause::other_algorithm:
      return other_algorithm(subject);
    case Cause::other_type:
      return other_type(subject);
    case Cause::wrong_secret:
      return bad_signature(subject);
    case Cause::not_base64url:
      return not_base64url(subject);
    case Cause::malformed_time:
      return times_are_no_numbers(subject);
    case Cause::expired:
      return expired(subject);
    case Cause::not_yet_valid:
      return too_early(subject, general, "nbf");
    case Cause::clock_behind:
      return too_early(subject, general, "iat");
    case Cause::lifetime_too_long:
      return lifetime_too_long(subject);
    case Cause::wrong_issuer:
      return wrong_issuer(subject);
    case Cause::wrong_audience:
      return wrong_audience(subject);
    case Cause::no_uid:
      return missing_uid(subject);
    case Cause::malformed_uid:
      return malformed_uid(subject);
    case Cause::subject_mismatch:
      return subject_mismatch(subject);
    case Cause::id_token:
      return id_token(subject);
    case Cause::unknown_key:
    case Cause::no_key_set:
    case Cause::key_set_behind:
      return missing_key(subject, general);
    default:
      return {general, ""};
  }
}

}  // namespace postern::explain
