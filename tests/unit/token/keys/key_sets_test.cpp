// Tokens that an issuer's published keys verify.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "signing.hpp"
#include "token/verifier.hpp"

using namespace postern::token;
using sample::SigningKey;

namespace {

using enum TokenFault;

const SigningKey& ed() {
  static const SigningKey key(Algorithm::eddsa, "ed");
  return key;
}
const SigningKey& es() {
  static const SigningKey key(Algorithm::es256, "es");
  return key;
}
const SigningKey& rsa() {
  static const SigningKey key(Algorithm::rs256, "rsa");
  return key;
}
const SigningKey& stranger() {
  static const SigningKey key(Algorithm::eddsa, "new");
  return key;
}

Verifier usual() {
  return {sample::keys_of({sample::key_set({&ed(), &es(), &rsa()})}, {sample::secret}), {}};
}

struct Case {
  std::string token;
  TokenFault fault;
  std::string_view why;
};

void check_all(Verifier verifier, const std::vector<Case>& cases) {
  for (const auto& [token, fault, why] : cases) {
    CAPTURE(why);
    for (int round = 0; round < 2; ++round) {
      const auto verdict = verifier.verify(token, sample::now);
      CHECK(text_of(verdict.fault) == text_of(fault));
      CHECK(verdict.uid.view() == (fault == none ? "alice" : ""));
    }
  }
}

std::string with_header(const SigningKey& key, std::string_view header) {
  return key.signed_token(header, sample::claims_of("alice"));
}

}  // namespace

TEST_CASE("a token of each algorithm verifies by its key of the issuer's set") {
  for (const auto algorithm :
       {Algorithm::eddsa, Algorithm::es256, Algorithm::es512, Algorithm::rs256, Algorithm::ps256}) {
    CAPTURE(text_of(algorithm));
    const SigningKey key(algorithm, "k");
    Verifier verifier(sample::keys_of({sample::key_set({&key})}), {});
    CHECK(verifier.verify(key.token(sample::claims_of("alice")), sample::now).uid.view() == "alice");
    std::string forged = key.token(sample::claims_of("bob"));
    const std::string honest = key.token(sample::claims_of("alice"));
    forged.replace(forged.rfind('.'), std::string::npos, honest.substr(honest.rfind('.')));
    CHECK(verifier.verify(forged, sample::now).fault == bad_signature);
  }
}

TEST_CASE("EdDSA goes by either of its names") {
  check_all(usual(),
            {{with_header(ed(), R"({"alg":"EdDSA","kid":"ed"})"), none, "RFC 8037"},
             {with_header(ed(), R"({"alg":"Ed25519","kid":"ed"})"), none, "RFC 9864"},
             {with_header(ed(), R"({"alg":"eddsa","kid":"ed"})"), unsupported_algorithm, "case"},
             {with_header(ed(), R"({"alg":"Ed448","kid":"ed"})"), unsupported_algorithm, "another"}});
}

TEST_CASE("the key pins the algorithm, never the token") {
  const std::string public_pem = ed().spki();
  check_all(
      usual(),
      {{with_header(ed(), R"({"alg":"ES256","kid":"ed"})"), algorithm_confusion, "another of the set's"},
       {with_header(es(), R"({"alg":"EdDSA","kid":"es"})"), algorithm_confusion, "another of the set's"},
       {with_header(rsa(), R"({"alg":"PS256","kid":"rsa"})"), algorithm_confusion,
        "RSA without alg is RS256"},
       {with_header(ed(), R"({"alg":"none","kid":"ed"})"), unsupported_algorithm, "none"},
       {with_header(ed(), R"({"alg":"HS256","kid":"ed"})"), bad_signature, "HS256 is for the secret alone"},
       {with_header(es(), R"({"alg":"EdDSA","kid":"ed"})"), bad_signature, "another key's signature"},
       {sample::token(R"({"alg":"HS256","kid":"ed"})", sample::claims_of("alice"), ed().raw()), bad_signature,
        "the public key as an HMAC secret, RFC 8725 2.1"},
       {sample::token(R"({"alg":"HS256","kid":"ed"})", sample::claims_of("alice"), public_pem), bad_signature,
        "the same in DER"},
       {sample::token(R"({"alg":"EdDSA","kid":"ed"})", sample::claims_of("alice")), bad_signature,
        "an HMAC in place of a signature"}});
}

TEST_CASE("the two families stand side by side, each with its own issuer and audience") {
  ClaimsPolicy policy;
  policy.issuer = "https://secret.example";
  Verifier verifier(sample::keys_of({sample::key_set({&ed()})}, {sample::secret}), policy);
  const std::string by_secret = sample::token(
      R"({"alg":"HS256"})", R"({"uid":"alice","iss":"https://secret.example","exp":1767226500})");
  CHECK(verifier.verify(by_secret, sample::now).uid.view() == "alice");
  CHECK(verifier.verify(ed().token(sample::claims_of("alice")), sample::now).uid.view() == "alice");
  CHECK(verifier.verify(sample::token(R"({"alg":"HS256"})", sample::claims_of("alice")), sample::now).fault ==
        wrong_issuer);
  CHECK(verifier.verify(ed().token(sample::claims_of("alice", "", "https://secret.example")), sample::now)
            .fault == wrong_issuer);
}

TEST_CASE("kid selects within the set, and without it each key of the algorithm is tried") {
  const SigningKey other(Algorithm::eddsa, "ed2"), nameless(Algorithm::eddsa, "");
  Verifier verifier(sample::keys_of({sample::key_set({&es(), &ed(), &other, &nameless})}), {});
  const auto fault = [&](const std::string& token) {
    return text_of(verifier.verify(token, sample::now).fault);
  };
  CHECK(fault(with_header(other, R"({"alg":"EdDSA"})")) == "ok");
  CHECK(fault(with_header(nameless, R"({"alg":"EdDSA"})")) == "ok");
  CHECK(fault(with_header(other, R"({"alg":"EdDSA","kid":"ed2"})")) == "ok");
  CHECK(fault(with_header(other, R"({"alg":"EdDSA","kid":"ed"})")) == "bad signature");
  CHECK(fault(with_header(nameless, R"({"alg":"EdDSA","kid":""})")) == "unknown key");
  CHECK(fault(with_header(nameless, R"({"alg":"EdDSA","kid":"ed"})")) == "bad signature");
  CHECK(fault(with_header(stranger(), R"({"alg":"EdDSA"})")) == "bad signature");
  CHECK(fault(with_header(rsa(), R"({"alg":"RS256"})")) == "unknown key");
  for (const std::string kid : {"7", "null", R"(["ed"])", R"({"kid":"ed"})", "true"}) {
    CHECK(fault(with_header(ed(), R"({"alg":"EdDSA","kid":)" + kid + '}')) == "malformed header");
  }
}

TEST_CASE("at most eight keys are tried for a token without kid") {
  std::vector<SigningKey> keys;
  for (int i = 0; i < 10; ++i)
    keys.emplace_back(Algorithm::eddsa, std::string("k").append(std::to_string(i)));
  std::vector<const SigningKey*> listed{&es()};
  for (const SigningKey& key : keys) listed.push_back(&key);
  Verifier verifier(sample::keys_of({sample::key_set(listed)}), {});
  for (std::size_t i = 0; i < keys.size(); ++i) {
    CAPTURE(i);
    CHECK((verifier.verify(with_header(keys[i], R"({"alg":"EdDSA"})"), sample::now).fault == none) ==
          (i < 8));
    CHECK(verifier.verify(keys[i].token(sample::claims_of("alice")), sample::now).fault == none);
  }
}

TEST_CASE("a key that a token brings along is never read") {
  const std::string jwk = stranger().jwk();
  for (const std::string& more :
       {R"("jwk":)" + jwk, std::string(R"("jku":"https://evil.example/jwks")"),
        std::string(R"("x5u":"https://evil.example/x")"), std::string(R"("x5c":["MIIB"])")}) {
    CAPTURE(more);
    check_all(usual(),
              {{with_header(stranger(), R"({"alg":"EdDSA","kid":"ed",)" + more + '}'), bad_signature, ""},
               {with_header(stranger(), R"({"alg":"EdDSA",)" + more + '}'), bad_signature, ""},
               {with_header(ed(), R"({"alg":"EdDSA","kid":"ed",)" + more + '}'), none, "nor in the way"}});
  }
}

TEST_CASE("the issuer says whose keys count") {
  KeySet first = sample::key_set({&ed()}, "https://a.example"),
         second = sample::key_set({&es()}, "https://b.example");
  const auto of = [](const SigningKey& key, std::string_view issuer) {
    return key.token(sample::claims_of("alice", "", issuer));
  };
  check_all({sample::keys_of({first, second}), {}},
            {{of(ed(), "https://a.example"), none, "its own"},
             {of(es(), "https://b.example"), none, "its own"},
             {of(es(), "https://a.example"), unknown_key, "the other's key"},
             {of(ed(), "https://c.example"), wrong_issuer, "nobody's"},
             {of(ed(), "https://a.example/"), wrong_issuer, "a slash more"},
             {ed().token(R"({"sub":"alice","aud":"api","exp":1767226500})"), wrong_issuer, "absent"},
             {ed().token(R"({"sub":"alice","iss":["https://a.example"],"aud":"api","exp":1767226500})"),
              wrong_issuer, "an array"}});
  // A set without an issuer takes what no other set does.
  second.issuer.reset();
  check_all({sample::keys_of({second, first}), {}},
            {{of(ed(), "https://a.example"), none, "its own"},
             {of(es(), "https://a.example"), unknown_key, "not by the set for all"},
             {of(es(), "https://c.example"), none, "anybody's"},
             {es().token(R"({"sub":"alice","aud":"api","exp":1767226500})"), none, "nobody's"}});
}

TEST_CASE("only where a key is what is missing one is asked for") {
  const KeySet missing = [] {
    KeySet set;
    set.issuer = sample::issuer;
    set.audience = "api";
    set.fetchable = true;
    return set;
  }();
  KeySet stale = sample::key_set({&ed()});
  stale.state = KeySet::State::stale;
  const auto token = [](std::string_view payload) { return stranger().token(payload); };
  const std::vector<Case> hopeless{
      {token(R"({"sub":"alice","iss":"https://auth.example","aud":"api","exp":1767220000})"), expired, "exp"},
      {token(R"({"sub":"alice","iss":"https://auth.example","aud":"web","exp":1767226500})"), wrong_audience,
       "aud"},
      {token(R"({"sub":"alice","iss":"https://evil.example","aud":"api","exp":1767226500})"), wrong_issuer,
       "iss"},
      {token(R"({"iss":"https://auth.example","aud":"api","exp":1767226500})"), missing_uid, "no uid"},
      {token(sample::claims_of("alice", R"(,"nonce":"n")")), id_token, "an ID token"},
      {token(sample::claims_of("alice", R"(,"cnf":{"jkt":"x"})")), bound_to_key, "bound to a key"},
      {token(sample::claims_of("alice",
                               R"(,"cnf":{"x5t#S256":"bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"})")),
       wrong_certificate, "bound to a certificate that is not here"},
      {token("{"), malformed_payload, "no JSON"},
      {with_header(stranger(), R"({"alg":"EdDSA","kid":"new","typ":"logout+jwt"})"), unsupported_type, "typ"},
      {with_header(stranger(), R"({"alg":"EdDSA","kid":"new","crit":["x"]})"), critical_extension, "crit"},
      {with_header(stranger(), R"({"alg":"ES384","kid":"new"})"), unsupported_algorithm, "alg"},
      {with_header(stranger(), R"({"alg":"RS256","kid":"new"})"), bad_signature, "too short for any RSA key"},
      {with_header(stranger(), R"({"alg":"ES512","kid":"new"})"), bad_signature, "too short for P-521"},
      {stranger().token(sample::claims_of("alice")) + "AAAA", bad_signature, "too long"},
  };
  const std::string hopeful = stranger().token(sample::claims_of("alice"));
  for (const KeySet* set : std::vector<const KeySet*>{&missing, &stale}) {
    std::vector<Case> cases = hopeless;
    cases.push_back({hopeful, no_key_set, "no usable set"});
    check_all({sample::keys_of({*set}), {}}, cases);
  }
  std::vector<Case> cases = hopeless;
  cases.push_back({hopeful, unknown_key, "a new kid"});
  cases.push_back(
      {with_header(rsa(), R"({"alg":"RS256","kid":"new"})"), unknown_key, "a new kid of another algorithm"});
  check_all(usual(), cases);
}

TEST_CASE("which set is wanted, and whether a fetch can help, is told") {
  KeySet address = sample::key_set({&ed()}, "https://a.example"),
         file = sample::key_set({&ed()}, "https://b.example");
  file.fetchable = false;
  Verifier verifier(sample::keys_of({address, file}), {});
  auto verdict =
      verifier.verify(stranger().token(sample::claims_of("alice", "", "https://a.example")), sample::now);
  CHECK(wants_key(verdict.fault));
  CHECK(verdict.wanted.set == 0);
  CHECK(verdict.wanted.fetchable);
  verdict =
      verifier.verify(stranger().token(sample::claims_of("alice", "", "https://b.example")), sample::now);
  CHECK(wants_key(verdict.fault));
  CHECK(verdict.wanted.set == 1);
  CHECK_FALSE(verdict.wanted.fetchable);
  CHECK_FALSE(wants_key(bad_signature));
  CHECK_FALSE(wants_key(none));
}
