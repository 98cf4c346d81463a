#include <doctest/doctest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sample.hpp"
#include "token/claims.hpp"

using namespace postern::token;

namespace {

using enum TokenFault;

struct Case {
  std::string claims;
  TokenFault expected;
  std::string_view why;
};

// Judges {"uid":"alice", claims} at sample::now.
void check_all(const std::vector<Case>& cases, const ClaimsPolicy& policy = {}) {
  ClaimsReader reader(policy);
  for (const auto& [claims, expected, why] : cases) {
    CAPTURE(claims);
    CAPTURE(why);
    Verification verified;
    const auto fault = sample::check(reader, policy, R"({"uid":"alice")" + claims + '}', verified);
    CHECK(text_of(fault) == text_of(expected));
    CHECK(verified.uid.empty() == (expected != none));
  }
}

std::string exp_in(std::int64_t seconds) {
  return R"(,"exp":)" + std::to_string(sample::now + seconds);
}

std::string also(std::string_view name, std::int64_t seconds, std::string_view fraction = "") {
  return exp_in(60) + ",\"" + std::string(name) + "\":" + std::to_string(sample::now + seconds) +
         std::string(fraction);
}

ClaimsPolicy with_lifetime(std::optional<std::int64_t> seconds) {
  ClaimsPolicy policy;
  policy.max_lifetime = seconds;
  return policy;
}

}  // namespace

TEST_CASE("a token ends when exp plus the leeway is reached, not after it") {
  for (const std::int64_t leeway : {0, 30, 300}) {
    CAPTURE(leeway);
    ClaimsPolicy policy;
    policy.leeway = leeway;
    check_all(
        {
            {exp_in(60), none, "to come"},
            {exp_in(1 - leeway), none, "the last second"},
            {exp_in(-leeway), expired, "on or after, RFC 7519 4.1.4"},
            {exp_in(-leeway) + ".5", none, "half a second left"},
            {exp_in(-leeway) + ".0", expired, "the same as without a fraction"},
            {exp_in(-leeway - 1), expired, "a second ago"},
            {exp_in(-leeway - 1) + ".999", expired, "a moment ago"},
        },
        policy);
  }
}

TEST_CASE("nbf and iat may be as far ahead as the leeway") {
  struct Claim {
    const char* name;
    TokenFault fault;
  };
  for (const std::int64_t leeway : {0, 30, 300}) {
    for (const auto& [name, fault] : {Claim{"nbf", not_yet_valid}, Claim{"iat", issued_in_the_future}}) {
      CAPTURE(leeway);
      ClaimsPolicy policy;
      policy.leeway = leeway;
      check_all(
          {
              {also(name, -60), none, "in the past"},
              {also(name, leeway - 1), none, "a second within"},
              {also(name, leeway), none, "just within"},
              {also(name, leeway, ".0"), none, "the same with a fraction of none"},
              {also(name, leeway, ".5"), fault, "half a second beyond"},
              {also(name, leeway + 1), fault, "a second beyond"},
              {also(name, 1000000000), fault, "far beyond"},
          },
          policy);
    }
  }
}

TEST_CASE("exp is required, and every time is a finite number") {
  check_all({
      {"", missing_expiry, "no exp"},
      {R"(,"Exp":1767226500)", missing_expiry, "names are case-sensitive"},
      {R"(,"x":{"exp":1767226500})", missing_expiry, "not at the top"},
      {R"(,"iat":"x")", missing_expiry, "told first"},
      {R"(,"exp":"1767226500")", malformed_time, "a string"},
      {R"(,"exp":"")", malformed_time, "an empty string"},
      {R"(,"exp":null)", malformed_time, "null"},
      {R"(,"exp":true)", malformed_time, "true"},
      {R"(,"exp":[1767226500])", malformed_time, "an array"},
      {R"(,"exp":["1767226500"])", malformed_time, "an array of strings"},
      {R"(,"exp":{})", malformed_time, "an object"},
      {R"(,"exp":"2026-01-01T00:10:00Z")", malformed_time, "a date for people"},
      {R"(,"exp":1e400)", malformed_time, "no double holds it"},
      {R"(,"exp":-1e400)", malformed_time, "no double holds it"},
      {R"(,"exp":NaN)", malformed_payload, "no JSON"},
      {R"(,"exp":01767226500)", malformed_payload, "no JSON"},
      {exp_in(60) + R"(,"nbf":"0")", malformed_time, "nbf a string"},
      {exp_in(60) + R"(,"nbf":null)", malformed_time, "nbf null: there, but no number"},
      {exp_in(60) + R"(,"nbf":-1e400)", malformed_time, "nbf beyond a double"},
      {exp_in(60) + R"(,"iat":"1767225600")", malformed_time, "iat a string"},
      {exp_in(60) + R"(,"iat":null)", malformed_time, "iat null: there, but no number"},
      {exp_in(60) + R"(,"iat":[])", malformed_time, "iat an array"},
      {exp_in(-60) + R"(,"iat":"x")", malformed_time, "told before expiry"},
  });
}

TEST_CASE("a time may be written in every form that JSON has for a number") {
  check_all(
      {
          {R"(,"exp":1767226500.0)", none, "a fraction of none"},
          {R"(,"exp":1767226500.123456)", none, "a fraction"},
          {R"(,"exp":1.7672265e9)", none, "an exponent"},
          {R"(,"exp":17672265E+2)", none, "an exponent"},
          {R"(,"exp":1767226500000e-3)", none, "a negative one"},
          {R"(,"exp":1e3)", expired, "1970"},
          {R"(,"exp":0)", expired, "zero is a time like any other"},
          {R"(,"exp":-0)", expired, "zero"},
          {R"(,"exp":-0.0)", expired, "zero"},
          {R"(,"exp":-1)", expired, "before 1970"},
          {R"(,"exp":-1767226500)", expired, "before 1970"},
          {R"(,"exp":-9223372036854775808)", expired, "the least of 64 bits"},
          {R"(,"exp":-1e300)", expired, "less than that"},
          {R"(,"exp":9223372036854775807)", none, "the most of 64 bits"},
          {R"(,"exp":18446744073709551615)", none, "does not wrap"},
          {R"(,"exp":18446744073709551616)", none, "does not wrap"},
          {R"(,"exp":1e300)", none, "does not wrap"},
          {exp_in(60) + R"(,"nbf":1e300)", not_yet_valid, "does not wrap"},
          {exp_in(60) + R"(,"nbf":-1e300)", none, "does not wrap"},
          {exp_in(60) + R"(,"iat":18446744073709551615)", issued_in_the_future, "does not wrap"},
          {exp_in(60) + R"(,"iat":-9223372036854775808)", none, "long ago"},
      },
      with_lifetime({}));
}

TEST_CASE("a lifetime counts from iat, or from now when there is none") {
  check_all(
      {
          {exp_in(900), none, "without iat, the whole of it left"},
          {exp_in(901), lifetime_too_long, "without iat, a second more"},
          {exp_in(900) + ".5", lifetime_too_long, "half a second more"},
          {exp_in(900) + R"(,"iat":1767225600)", none, "from iat"},
          {exp_in(300) + R"(,"iat":1767225000)", none, "from an earlier iat"},
          {exp_in(301) + R"(,"iat":1767225000)", lifetime_too_long, "a second more"},
          {exp_in(300) + R"(,"iat":1767224999.5)", lifetime_too_long, "half a second"},
          {exp_in(300) + R"(.5,"iat":1767225000.5)", none, "fractions cancel out"},
          {exp_in(930) + R"(,"iat":1767225630)", none, "iat ahead, within the leeway"},
          {exp_in(60) + R"(,"iat":0)", lifetime_too_long, "from 1970"},
          {exp_in(60) + R"(,"iat":-1e300)", lifetime_too_long, "does not wrap"},
          {R"(,"exp":1e300)", lifetime_too_long, "never ends"},
          {R"(,"exp":1e300,"iat":-1e300)", lifetime_too_long, "does not wrap"},
          {exp_in(-60) + R"(,"iat":0)", expired, "expiry is told first"},
      },
      with_lifetime(900));
}

TEST_CASE("the default lifetime of 30 days catches an exp in milliseconds, and off lifts it") {
  const std::string milliseconds = R"(,"exp":1767226500000)";
  const std::string both = milliseconds + R"(,"iat":1767225000000)";
  check_all({
      {exp_in(2592000), none, "30 days"},
      {exp_in(2592001), lifetime_too_long, "a second more"},
      {milliseconds, lifetime_too_long, "tens of thousands of years ahead"},
      {both, issued_in_the_future, "both in milliseconds"},
  });
  check_all(
      {
          {exp_in(2592001), none, "not bounded"},
          {milliseconds, none, "not bounded"},
          {R"(,"exp":1e300,"iat":0)", none, "not bounded"},
      },
      with_lifetime({}));
  check_all({{exp_in(1), lifetime_too_long, "nothing lives that short"}}, with_lifetime(0));
}

TEST_CASE("the expiry told is exp rounded down and clamped") {
  const ClaimsPolicy policy = with_lifetime({});
  ClaimsReader reader(policy);
  const auto told = [&](std::string_view exp) {
    Verification verified;
    CHECK(sample::check(reader, policy, R"({"uid":"alice","exp":)" + std::string(exp) + '}', verified) ==
          none);
    return verified.expires_at;
  };
  CHECK(told("1767226500") == 1767226500);
  CHECK(told("1767226500.9") == 1767226500);
  CHECK(told("1e300") == INT64_MAX);
}
