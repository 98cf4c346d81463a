#include "token/claims.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "sample.hpp"

using namespace postern::token;

namespace {

using enum TokenFault;

struct Case {
  std::string claims;
  TokenFault expected;
  std::string_view why;
  std::string uid = "alice";  // when accepted
};

// Judges {"exp":..., claims}.
void check_all(const std::vector<Case>& cases, const ClaimsPolicy& policy = {}) {
  ClaimsReader reader(policy);
  for (const auto& [claims, expected, why, uid] : cases) {
    CAPTURE(claims);
    CAPTURE(why);
    Verification verified;
    const auto fault = sample::check(reader, policy, R"({"exp":1767226500,)" + claims + '}', verified);
    CHECK(text_of(fault) == text_of(expected));
    CHECK(verified.uid.view() == (expected == none ? uid : ""));
  }
}

// The same with a uid that is in order.
void check_beside_uid(std::vector<Case> cases, const ClaimsPolicy& policy) {
  for (Case& one : cases) one.claims = R"("uid":"alice")" + one.claims;
  check_all(cases, policy);
}

std::string uid_of(std::string_view text) {
  return R"("uid":")" + std::string(text) + '"';
}

}  // namespace

TEST_CASE("the uid is a string of 1 to 128 visible ASCII characters") {
  const std::string longest(128, 'x');
  check_all({
      {uid_of("alice"), none, "a name"},
      {uid_of("a"), none, "one character", "a"},
      {uid_of(longest), none, "128 characters", longest},
      {uid_of(longest + 'x'), malformed_uid, "129 characters"},
      {uid_of(""), malformed_uid, "none"},
      {uid_of("!"), none, "0x21", "!"},
      {uid_of("~"), none, "0x7E", "~"},
      {uid_of("al ice"), malformed_uid, "0x20"},
      {uid_of(" alice"), malformed_uid, "a space in front"},
      {uid_of("alice "), malformed_uid, "a space behind"},
      {uid_of("al\x7Fice"), malformed_uid, "0x7F"},
      {uid_of("\xC3\xA1lice"), malformed_uid, "beyond ASCII"},
      {uid_of("\xD0\xB0lice"), malformed_uid, "a Cyrillic letter that looks like an a"},
      {uid_of("alice\xE2\x80\x8B"), malformed_uid, "a space of no width"},
      {uid_of("al\xFFice"), malformed_payload, "no UTF-8"},
      {uid_of("al\nice"), malformed_payload, "a raw line end is no JSON"},
      {uid_of("%61lice"), none, "never percent-decoded", "%61lice"},
      {uid_of("../bob"), none, "a text like any other, compared byte for byte", "../bob"},
      {uid_of("Alice"), none, "case is kept", "Alice"},
  });
}

TEST_CASE("the uid is what its escapes stand for") {
  check_all({
      {uid_of(R"(\u0061lice)"), none, "an escaped letter"},
      {uid_of(R"(al\u0069c\u0065)"), none, "two of them"},
      {R"("\u0075id":"alice")", none, "in the name of the claim"},
      {uid_of(R"(a\/b)"), none, "a solidus", "a/b"},
      {uid_of(R"(a\\b)"), none, "a backslash", R"(a\b)"},
      {uid_of(R"(\")"), none, "a quote", "\""},
      {uid_of(R"(alice\u0000)"), malformed_uid, "NUL behind"},
      {uid_of(R"(\u0000)"), malformed_uid, "nothing but NUL"},
      {uid_of(R"(alice\n)"), malformed_uid, "a line end"},
      {uid_of(R"(alice\r\nX-Admin: 1)"), malformed_uid, "a field of its own"},
      {uid_of(R"(\u0020)"), malformed_uid, "a space"},
      {uid_of(R"(\u007f)"), malformed_uid, "DEL"},
      {uid_of(R"(\u00e1lice)"), malformed_uid, "beyond ASCII"},
      {uid_of(R"(\u0161lice)"), malformed_uid, "its low byte is an a"},
      {uid_of(R"(\ud83d\ude00)"), malformed_uid, "a pair of surrogates"},
      {uid_of(R"(\ud83d)"), malformed_payload, "half of one"},
  });
}

TEST_CASE("a uid that is no string is none") {
  check_all({
      {R"("x":1)", missing_uid, "absent"},
      {R"("UID":"alice")", missing_uid, "names are case-sensitive"},
      {R"("x":{"uid":"alice"})", missing_uid, "not at the top"},
      {R"("sub":"alice")", missing_uid, "another claim"},
      {R"("uid":42)", malformed_uid, "a number is not turned into text"},
      {R"("uid":0)", malformed_uid, "zero"},
      {R"("uid":null)", malformed_uid, "null"},
      {R"("uid":true)", malformed_uid, "true"},
      {R"("uid":["alice"])", malformed_uid, "an array, even of one string"},
      {R"("uid":[])", malformed_uid, "an empty array"},
      {R"("uid":{"uid":"alice"})", malformed_uid, "an object"},
      {R"("uid":"alice","uid":"bob")", malformed_payload, "two of them"},
      {R"("uid":"alice","\u0075id":"bob")", malformed_payload, "two of them, one escaped"},
  });
}

TEST_CASE("a sub beside the uid names the same user") {
  const std::vector<Case> differ{
      {R"("uid":"alice","sub":"bob")", subject_mismatch, "another user"},
      {R"("uid":"alice","sub":"Alice")", subject_mismatch, "another case"},
      {R"("uid":"alice","sub":"alice ")", subject_mismatch, "a space more"},
      {R"("uid":"alice","sub":"alice\u0000")", subject_mismatch, "NUL more"},
      {R"("uid":"alice","sub":"alic")", subject_mismatch, "a letter less"},
      {R"("uid":"alice","sub":"")", subject_mismatch, "nobody"},
      {R"("uid":"alice","sub":null)", subject_mismatch, "null: there, but no user"},
      {R"("uid":"alice","sub":1)", subject_mismatch, "a number"},
      {R"("uid":"alice","sub":["alice"])", subject_mismatch, "an array"},
      {R"("uid":"alice","sub":{"sub":"alice"})", subject_mismatch, "an object"},
      {R"("sub":"bob","uid":"alice")", subject_mismatch, "in the other order"},
  };
  check_all(differ);
  check_all({
      {R"("uid":"alice")", none, "no sub"},
      {R"("uid":"alice","sub":"alice")", none, "the same"},
      {R"("uid":"alice","sub":"al\u0069ce")", none, "the same, escaped"},
      {R"("uid":"alice","x":{"sub":"bob"})", none, "not at the top"},
      {R"("uid":"","sub":"")", malformed_uid, "the uid is looked at first"},
  });

  ClaimsPolicy lifted;
  lifted.subject_must_match = false;
  std::vector<Case> ignored = differ;
  for (Case& one : ignored) one.expected = none;
  check_all(ignored, lifted);
}

TEST_CASE("with sub as the uid claim, a uid claim is as good as absent") {
  ClaimsPolicy policy;
  policy.uid_claims = {"sub"};
  policy.audience = "https://auth.example";
  std::vector<Case> cases{

      {R"("sub":"alice")", none, "sub alone"},
      {R"("sub":"alice","uid":"bob")", none, "uid is not read"},
      {R"("sub":"alice","uid":42)", none, "uid is not read"},
      {R"("uid":"alice")", missing_uid, "no sub"},
      {R"("sub":"")", malformed_uid, "the rules for a uid hold"},
      {R"("sub":"al ice")", malformed_uid, "the rules for a uid hold"},
      {R"("sub":42)", malformed_uid, "the rules for a uid hold"},
      {R"("sub":null)", malformed_uid, "the rules for a uid hold"},
      {R"("sub":["alice"])", malformed_uid, "the rules for a uid hold"},
  };
  for (Case& one : cases) one.claims += R"(,"aud":"https://auth.example")";
  check_all(cases, policy);
}

TEST_CASE("an issuer asked for is there, a string, and the same byte for byte") {
  ClaimsPolicy policy;
  policy.issuer = "https://auth.example";
  check_beside_uid(
      {
          {R"(,"iss":"https://auth.example")", none, "ours"},
          {R"(,"iss":"https:\/\/auth.example")", none, "ours, escaped"},
          {"", wrong_issuer, "absent"},
          {R"(,"iss":"https://auth.example/")", wrong_issuer, "a slash more"},
          {R"(,"iss":"https://AUTH.example")", wrong_issuer, "addresses are not made alike"},
          {R"(,"iss":"https://auth.example.evil.example")", wrong_issuer, "ours in front"},
          {R"(,"iss":"")", wrong_issuer, "empty"},
          {R"(,"iss":null)", wrong_issuer, "null"},
          {R"(,"iss":["https://auth.example"])", wrong_issuer, "an issuer is never an array"},
          {R"(,"Iss":"https://auth.example")", wrong_issuer, "names are case-sensitive"},
      },
      policy);
}

TEST_CASE("an audience asked for is the string, or one of an array of strings") {
  ClaimsPolicy policy;
  policy.audience = "api";
  check_beside_uid(
      {
          {R"(,"aud":"api")", none, "the string"},
          {R"(,"aud":"a\u0070i")", none, "the string, escaped"},
          {R"(,"aud":["api"])", none, "alone in an array"},
          {R"(,"aud":["web","api"])", none, "last of an array"},
          {R"(,"aud":["api","web"])", none, "first of an array"},
          {R"(,"aud":["web","\u0061pi","x"])", none, "inside an array, escaped"},
          {"", wrong_audience, "absent"},
          {R"(,"aud":"web")", wrong_audience, "another"},
          {R"(,"aud":"API")", wrong_audience, "another case"},
          {R"(,"aud":"api2")", wrong_audience, "ours in front"},
          {R"(,"aud":"web api")", wrong_audience, "a string is not a list"},
          {R"(,"aud":"")", wrong_audience, "empty"},
          {R"(,"aud":[])", wrong_audience, "an empty array"},
          {R"(,"aud":["web","x"])", wrong_audience, "others"},
          {R"(,"aud":["ap","i"])", wrong_audience, "ours in pieces"},
          {R"(,"aud":["web","api2"])", wrong_audience, "ours in front of one of an array"},
          {R"(,"aud":["2api","API"])", wrong_audience, "ours behind, and in another case"},
          {R"(,"aud":["api",1])", wrong_audience, "not all of them strings"},
          {R"(,"aud":[null,"api"])", wrong_audience, "not all of them strings"},
          {R"(,"aud":["api",["api"]])", wrong_audience, "not all of them strings"},
          {R"(,"aud":[["api"]])", wrong_audience, "an array in an array"},
          {R"(,"aud":{"api":"api"})", wrong_audience, "an object"},
          {R"(,"aud":null)", wrong_audience, "null"},
          {R"(,"aud":1)", wrong_audience, "a number"},
      },
      policy);
}

TEST_CASE("issuer and audience are not looked at unless they are asked for") {
  check_beside_uid({{R"(,"iss":1,"aud":null)", none, "neither is"}}, {});
}

TEST_CASE("an issuer or audience that is asked for empty is not the same as one not asked for") {
  ClaimsPolicy policy;
  policy.issuer = policy.audience = "";
  check_beside_uid({{"", wrong_issuer, "absent"},
                    {R"(,"iss":"")", wrong_audience, "issuer empty, audience absent"},
                    {R"(,"iss":"","aud":"")", none, "both empty"}},
                   policy);
}
