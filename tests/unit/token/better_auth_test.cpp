// Better Auth signs more than access tokens with the one secret. None of the others may pass as a user.
#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "sample.hpp"
#include "token/verifier.hpp"

using namespace postern::token;

namespace {

constexpr std::string_view bare = R"({"alg":"HS256"})";
constexpr std::string_view session_cache = R"({"alg":"HS256","typ":"better-auth.session-cache+jwt"})";

Verification judge(std::string_view header, std::string_view payload, const std::string& uid_claim,
                   bool audience = false) {
  ClaimsPolicy policy;
  policy.uid_claims = {uid_claim};
  if (audience) policy.audience = "https://auth.example";
  return sample::verifier(policy).verify(sample::token(header, payload), sample::now);
}

}  // namespace

TEST_CASE("what Better Auth signs for other ends names no user here") {
  struct Case {
    std::string_view header, payload;
    TokenFault expected;
    std::string_view why;
  };
  const std::vector<Case> cases{
      {bare, R"({"email":"alice@example.com","iat":1767225000,"exp":1767228600})", TokenFault::missing_uid,
       "e-mail verification"},
      {bare,
       R"({"email":"alice@example.com","updateTo":"bob@example.com","requestType":"change-email-verification",
           "iat":1767225000,"exp":1767228600})",
       TokenFault::missing_uid, "a change of address"},
      {bare, R"({"email":"alice@example.com","userId":"alice","iat":1767225000,"exp":1767228600})",
       TokenFault::missing_uid, "with the user id beside it"},
      {bare,
       R"({"session":{"id":"s","token":"t","userId":"alice","uid":"alice"},
           "user":{"id":"alice","sub":"alice","uid":"alice"},"iat":1767225000,"exp":1767225900})",
       TokenFault::missing_uid, "the cookie cache: its inner members are not claims"},
      {bare, R"({"session":{},"user":{},"updatedAt":1767225000000,"version":"1","exp":1767225900})",
       TokenFault::missing_uid, "the cookie cache with its version"},
      {session_cache, R"({"uid":"alice","sub":"alice","iat":1767225000,"exp":1767225900})",
       TokenFault::unsupported_type, "a session cache that names its type"},
      {session_cache, R"({"session":{},"user":{},"sub":"alice","exp":1767225900})",
       TokenFault::unsupported_type, "the same as it is really made"},
  };
  for (const auto& [header, payload, expected, why] : cases) {
    for (const std::string uid_claim : {"uid", "sub"}) {
      CAPTURE(why);
      CAPTURE(uid_claim);
      const auto verdict = judge(header, payload, uid_claim);
      CHECK(text_of(verdict.fault) == text_of(expected));
      CHECK(verdict.uid.empty());
    }
  }
}

TEST_CASE("a claim that those tokens hold cannot be chosen as the uid claim") {
  for (const std::string claim : {"email", "updateTo", "requestType", "userId", "version"}) {
    CAPTURE(claim);
    CHECK_FALSE(can_hold_uid(claim));
    CHECK_THROWS_AS(judge(bare, "{}", claim), std::runtime_error);
  }
}

TEST_CASE("neither can a registered claim that means something else") {
  for (const std::string claim : {"exp", "nbf", "iat", "iss", "aud", "jti"}) {
    CAPTURE(claim);
    CHECK_FALSE(can_hold_uid(claim));
    CHECK_THROWS_AS(judge(bare, "{}", claim), std::runtime_error);
  }
}

TEST_CASE("any other claim can, sub among them") {
  for (const std::string claim : {"uid", "sub", "user_id", "UserId", "id", "preferred_username"}) {
    CAPTURE(claim);
    CHECK(can_hold_uid(claim));
    const std::string payload =
        R"({"exp":1767226500,"aud":"https://auth.example",")" + claim + R"(":"alice"})";
    CHECK(judge(bare, payload, claim, true).uid.view() == "alice");
  }
}
