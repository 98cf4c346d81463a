// Tokens that verify and are not a user's access token, and claims that are kept.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "signing.hpp"
#include "token/verifier.hpp"

using namespace postern::token;

namespace {

using enum TokenFault;

constexpr std::string_view usual = R"({"alg":"HS256","typ":"JWT"})";
constexpr std::string_view thumbprint = "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2";  // RFC 8705 3.1
constexpr std::string_view another = "cwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2";

std::string token_with(std::string_view claims) {
  return sample::token(usual, R"({"exp":1767226500,"uid":"alice",)" + std::string(claims) + '}');
}

// With operator+ on literals GCC 14 sees a read past a string's own buffer that cannot be.
std::string thumbprint_in(std::string_view before, std::string_view after) {
  std::string text(before);
  text += thumbprint;
  text += after;
  return text;
}

std::string bound_to(std::string_view to) {
  return token_with(R"("cnf":{"x5t#S256":")" + std::string(to) + "\"}");
}

}  // namespace

TEST_CASE("what is not a user's access token is refused, though it verifies") {
  struct Case {
    std::string claims;
    TokenFault fault;
    std::string_view why;
  };
  const std::vector<Case> cases{
      {R"("scope":"openid")", none, "an access token"},
      {R"("client_id":"app","azp":"app","sub":"alice")", none, "of a client for a user, RFC 9068"},
      {R"("at_hash":"x")", id_token, "OpenID Connect Core 3.1.3.6"},
      {R"("c_hash":"x")", id_token, "OpenID Connect Core 3.3.2.11"},
      {R"("s_hash":"x")", id_token, "FAPI"},
      {R"("nonce":"x")", id_token, "OpenID Connect Core 2"},
      {R"("nonce":null)", id_token, "there, whatever it is"},
      {R"("at\u005fhash":1)", id_token, "escaped"},
      {R"("x":{"nonce":"x"})", none, "not at the top"},
      {R"("Nonce":"x")", none, "names are case-sensitive"},
      {R"("sub":"alice","client_id":"alice")", client_token, "RFC 9700 4.15"},
      {R"("sub":"alice","azp":"alice")", client_token, "RFC 9700 4.15"},
      {R"("sub":"alice","client_id":"alic\u0065")", client_token, "escaped"},
      {R"("client_id":"alice")", none, "without a sub it is nobody's"},
      {R"("sub":"alice","client_id":["alice"])", none, "no string"},
      {R"("cnf":{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"})", bound_to_key, "DPoP, RFC 9449 6"},
      {R"("cnf":{"jwk":{"kty":"EC"}})", bound_to_key, "RFC 7800 3.2"},
      {R"("cnf":{"kid":"k"})", bound_to_key, "RFC 7800 3.4"},
      {R"("cnf":{"x5t":"x"})", bound_to_key, "SHA-1"},
      {R"("cnf":{})", bound_to_key, "empty"},
      {R"("cnf":null)", bound_to_key, "null"},
      {R"("cnf":"x5t#S256")", bound_to_key, "no object"},
      {R"("cnf":[])", bound_to_key, "no object"},
      {R"("cnf":{"x5t#S256":""})", bound_to_key, "empty"},
      {R"("cnf":{"x5t#S256":null})", bound_to_key, "no string"},
      {R"("cnf":{"x5t#S256":"short"})", bound_to_key, "not SHA-256's length"},
      {thumbprint_in(R"("cnf":{"x5t#S256":")", R"(","jkt":"x"})"), bound_to_key, "and more"},
      {thumbprint_in(R"("cnf":{"jkt":"x","x5t#S256":")", R"("})"), bound_to_key, "and more"},
      {thumbprint_in(R"("cnf":{"x5t#S256":")", R"("})"), wrong_certificate, "without a certificate"},
      {thumbprint_in(R"("cnf":["x5t#S256",")", R"("])"), bound_to_key, "an array"},
  };
  auto verifier = sample::verifier();
  for (const auto& [claims, fault, why] : cases) {
    CAPTURE(claims);
    CAPTURE(why);
    for (int round = 0; round < 2; ++round) {
      CHECK(text_of(verifier.verify(token_with(claims), sample::now).fault) == text_of(fault));
    }
  }
}

TEST_CASE("a token bound to a certificate passes with it alone, each time, and while it is valid") {
  auto verifier = sample::verifier();
  const std::string token = bound_to(thumbprint);
  const ClientCertificate own{thumbprint, sample::now + 100}, other{another, sample::now + 100};
  for (int round = 0; round < 3; ++round) {
    CHECK(verifier.verify(token, sample::now).fault == wrong_certificate);
    CHECK(verifier.verify(token, sample::now, other).fault == wrong_certificate);
    CHECK(verifier.verify(token, sample::now, own).uid.view() == "alice");
    CHECK(verifier.verify(token, sample::now + 99, own).fault == none);
    CHECK(verifier.verify(token, sample::now + 100, own).fault == wrong_certificate);
    CHECK(verifier.verify(token, sample::now, {thumbprint, 0}).fault == wrong_certificate);
    CHECK(verifier.verify(bound_to(another), sample::now, own).fault == wrong_certificate);
    CHECK(verifier.verify(token_with(R"("a":1)"), sample::now, other).fault == none);
    CHECK(verifier.verify(token, sample::now + 100, {thumbprint, sample::now + 1000}).fault == none);
    CHECK(verifier.verify(token, sample::now).uid.empty());
  }
}

TEST_CASE("the first uid claim that is there names the user, sub only under an audience") {
  struct Case {
    std::vector<std::string> uid_claims;
    std::string claims;
    bool audience;
    std::string uid;
    TokenFault fault;
  };
  const std::vector<Case> cases{
      {{"uid", "sub"}, R"("uid":"alice")", false, "alice", none},
      {{"uid", "sub"}, R"("uid":"alice","sub":"alice")", false, "alice", none},
      {{"uid", "sub"}, R"("sub":"alice")", true, "alice", none},
      {{"uid", "sub"}, R"("sub":"alice")", false, "", missing_uid},
      {{"uid", "sub"}, R"("uid":"bob","sub":"alice")", true, "", subject_mismatch},
      {{"uid", "sub"}, R"("uid":"bob","sub":"alice")", false, "", subject_mismatch},
      {{"uid", "sub"}, R"("uid":null,"sub":"alice")", true, "", malformed_uid},
      {{"uid", "sub"}, R"("uid":"","sub":"alice")", true, "", malformed_uid},
      {{"sub", "uid"}, R"("uid":"alice","sub":"alice")", true, "alice", none},
      {{"sub", "uid"}, R"("uid":"bob","sub":"alice")", true, "alice", none},
      {{"sub", "uid"}, R"("uid":"alice","sub":"alice")", false, "alice", none},
      {{"sub", "uid"}, R"("uid":"bob","sub":"alice")", false, "", subject_mismatch},
      {{"a", "b", "c"}, R"("c":"carol","b":"bob")", false, "bob", none},
      {{"a", "b", "c"}, R"("x":"carol")", false, "", missing_uid},
  };
  for (const auto& [uid_claims, claims, audience, uid, fault] : cases) {
    CAPTURE(claims);
    CAPTURE(audience);
    ClaimsPolicy policy;
    policy.uid_claims = uid_claims;
    if (audience) policy.audience = "api";
    const std::string token = sample::token(usual, R"({"exp":1767226500,"aud":"api",)" + claims + '}');
    const auto verdict = sample::verifier(policy).verify(token, sample::now);
    CHECK(text_of(verdict.fault) == text_of(fault));
    CHECK(verdict.uid.view() == uid);
  }
}

TEST_CASE("kept claims come in the order asked for, from memory as from the token") {
  ClaimsPolicy policy;
  policy.kept_claims = {"role", "org", "n", "admin", "scopes", "uid", "deep", "absent"};
  auto verifier = sample::verifier(policy);
  const std::string token = token_with(
      R"("scopes":["a",-2,false,""],"role":"\u0061dmin","n":12345678901234567890123,"admin":true,"org":"","deep":{"x":1})");
  for (int round = 0; round < 3; ++round) {
    CAPTURE(round);
    const auto verdict = verifier.verify(token, sample::now);
    REQUIRE(verdict.fault == none);
    const auto claims = verdict.claims;
    REQUIRE(claims.size() == 8);
    using Kind = ClaimValue::Kind;
    CHECK(claims[0].kind == Kind::string);
    CHECK(claims[0].text == "admin");
    CHECK(claims[1].kind == Kind::string);
    CHECK(claims[1].text.empty());
    CHECK(claims[2].kind == Kind::integer);
    CHECK(claims[2].text == "12345678901234567890123");
    CHECK(claims[3].kind == Kind::boolean);
    CHECK(claims[3].text == "true");
    REQUIRE(claims[4].kind == Kind::list);
    REQUIRE(claims[4].list.size() == 4);
    CHECK(claims[4].list[0] == ClaimText{ClaimText::Kind::string, "a"});
    CHECK(claims[4].list[1] == ClaimText{ClaimText::Kind::integer, "-2"});
    CHECK(claims[4].list[2] == ClaimText{ClaimText::Kind::boolean, "false"});
    CHECK(claims[4].list[3] == ClaimText{ClaimText::Kind::string, ""});
    CHECK(claims[5].text == "alice");
    CHECK(claims[6].kind == Kind::other);
    CHECK(claims[7].kind == Kind::absent);
  }
}

TEST_CASE("a token with more claims than are remembered is verified each time") {
  ClaimsPolicy policy;
  policy.kept_claims = {"groups"};
  auto verifier = sample::verifier(policy);
  std::string groups = R"("groups":["0")";
  for (int i = 1; i < 300; ++i) groups += ",\"" + std::to_string(i) + '"';
  const std::string token = token_with(groups + ']');
  for (int round = 0; round < 3; ++round) {
    const auto verdict = verifier.verify(token, sample::now);
    REQUIRE(verdict.claims.size() == 1);
    REQUIRE(verdict.claims[0].list.size() == 300);
    CHECK(verdict.claims[0].list[299].text == "299");
  }
}
