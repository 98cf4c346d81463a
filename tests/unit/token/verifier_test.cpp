#include "token/verifier.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "../hash_key.hpp"
#include "sample.hpp"

using namespace postern::token;

namespace {

struct Case {
  std::string text;
  TokenFault expected;
  std::string_view why;
};

constexpr std::string_view usual = R"({"alg":"HS256","typ":"JWT"})";

void check_all(const std::vector<Case>& cases) {
  auto verifier = sample::verifier();
  for (const auto& [token, expected, why] : cases) {
    CAPTURE(token);
    CAPTURE(why);
    const auto verdict = verifier.verify(token, sample::now);
    CHECK(text_of(verdict.fault) == text_of(expected));
    CHECK(verdict.uid.view() == (expected == TokenFault::none ? "alice" : ""));
  }
}

// Every header over the same good payload, well signed.
void check_headers(std::vector<Case> cases) {
  for (Case& one : cases) one.text = sample::token(one.text, sample::alice);
  check_all(cases);
}

std::string payload_of_size(std::size_t size) {
  std::string json = sample::alice;
  json.back() = ',';
  json += R"("pad":")";
  json.append(size - json.size() - 2, 'x');
  return json + "\"}";
}

}  // namespace

TEST_CASE("the algorithm is HS256 and nothing that the token asks for instead") {
  using enum TokenFault;
  check_headers({
      {R"({"alg":"HS256"})", none, "the pinned one"},
      {R"({"\u0061lg":"HS25\u0036"})", none, "the same, escaped"},
      {R"({"alg":"none"})", unsupported_algorithm, "RFC 8725 2.1"},
      {R"({"alg":"None"})", unsupported_algorithm, "in another case"},
      {R"({"alg":"NONE"})", unsupported_algorithm, "in another case"},
      {R"({"alg":"nOnE"})", unsupported_algorithm, "in another case"},
      {R"({"alg":"RS256"})", unsupported_algorithm, "a public key would be the secret, RFC 8725 2.1"},
      {R"({"alg":"ES256"})", unsupported_algorithm, "likewise"},
      {R"({"alg":"PS256"})", unsupported_algorithm, "likewise"},
      {R"({"alg":"EdDSA"})", unsupported_algorithm, "likewise"},
      {R"({"alg":"HS384"})", unsupported_algorithm, "another HMAC is another algorithm"},
      {R"({"alg":"HS512"})", unsupported_algorithm, "another HMAC is another algorithm"},
      {R"({"alg":"hs256"})", unsupported_algorithm, "names are case-sensitive, RFC 7515 4.1.1"},
      {R"({"alg":"HS256 "})", unsupported_algorithm, "a space behind"},
      {R"({"alg":"HS256\u0000"})", unsupported_algorithm, "NUL behind"},
      {R"({"alg":""})", unsupported_algorithm, "empty"},
      {R"({})", unsupported_algorithm, "none named"},
      {R"({"typ":"JWT"})", unsupported_algorithm, "none named"},
      {R"({"ALG":"HS256"})", unsupported_algorithm, "member names are case-sensitive"},
      {R"({"alg":256})", unsupported_algorithm, "no string"},
      {R"({"alg":null})", unsupported_algorithm, "no string"},
      {R"({"alg":true})", unsupported_algorithm, "no string"},
      {R"({"alg":["HS256"]})", unsupported_algorithm, "no string"},
      {R"({"alg":{"alg":"HS256"}})", unsupported_algorithm, "no string"},
      {R"({"x":{"alg":"HS256"}})", unsupported_algorithm, "not at the top"},
      {R"({"alg":"none","alg":"HS256"})", malformed_header, "two of them"},
  });
}

TEST_CASE("the type, when there is one, is that of an access token") {
  using enum TokenFault;
  check_headers({
      {R"({"alg":"HS256","typ":"JWT"})", none, "as most write it"},
      {R"({"alg":"HS256","typ":"jwt"})", none, "media types ignore case"},
      {R"({"alg":"HS256","typ":"jWt"})", none, "media types ignore case"},
      {R"({"alg":"HS256","typ":"at+jwt"})", none, "RFC 9068 2.1"},
      {R"({"alg":"HS256","typ":"AT+JWT"})", none, "media types ignore case"},
      {R"({"alg":"HS256","typ":""})", unsupported_type, "empty"},
      {R"({"alg":"HS256","typ":"JW"})", unsupported_type, "cut short"},
      {R"({"alg":"HS256","typ":"JWTS"})", unsupported_type, "one letter more"},
      {R"({"alg":"HS256","typ":" JWT"})", unsupported_type, "a space in front"},
      {R"({"alg":"HS256","typ":"JWT\u0000"})", unsupported_type, "NUL behind"},
      {R"({"alg":"HS256","typ":"application/at+jwt"})", none, "the long form, RFC 9068 4"},
      {R"({"alg":"HS256","typ":"application/jwt"})", none, "the long form, RFC 7515 4.1.9"},
      {R"({"alg":"HS256","typ":"Application/AT+JWT"})", none, "media types ignore case"},
      {R"({"alg":"HS256","typ":"application/"})", unsupported_type, "nothing behind it"},
      {R"({"alg":"HS256","typ":"application/application/jwt"})", unsupported_type, "twice"},
      {R"({"alg":"HS256","typ":"text/jwt"})", unsupported_type, "another tree"},
      {R"({"alg":"HS256","typ":"application/id_token+jwt"})", unsupported_type, "another kind"},
      {R"({"alg":"HS256","typ":"JOSE"})", unsupported_type, "another kind"},
      {R"({"alg":"HS256","typ":"id_token+jwt"})", unsupported_type, "another kind"},
      {R"({"alg":"HS256","typ":"logout+jwt"})", unsupported_type, "another kind"},
      {R"({"alg":"HS256","typ":null})", unsupported_type, "no string"},
      {R"({"alg":"HS256","typ":1})", unsupported_type, "no string"},
      {R"({"alg":"HS256","typ":["JWT"]})", unsupported_type, "no string"},
  });
}

TEST_CASE("no extension is understood, whatever it says") {
  using enum TokenFault;
  check_headers({
      {R"({"alg":"HS256","crit":["exp"],"exp":1})", critical_extension, "RFC 7515 4.1.11"},
      {R"({"alg":"HS256","crit":[]})", critical_extension, "an empty list is malformed anyway"},
      {R"({"alg":"HS256","crit":null})", critical_extension, "null is a value"},
      {R"({"alg":"HS256","crit":"b64"})", critical_extension, "not even a list"},
      {R"({"alg":"HS256","b64":false,"crit":["b64"]})", critical_extension, "an unencoded payload, RFC 7797"},
      {R"({"alg":"HS256","b64":false})", critical_extension, "without the crit that it needs"},
      {R"({"alg":"HS256","b64":true})", critical_extension, "the default, but RFC 7797 7 has no use for it"},
      {R"({"alg":"HS256","\u0063rit":["x"]})", critical_extension, "escaped"},
  });
}

TEST_CASE("the header does not choose the key") {
  using enum TokenFault;
  check_headers({
      {R"({"alg":"HS256","kid":"1"})", none, "not looked at"},
      {R"({"alg":"HS256","kid":"../../dev/null"})", none, "no file is opened"},
      {R"({"alg":"HS256","kid":"x' UNION SELECT 'k"})", none, "no query is made"},
      {R"({"alg":"HS256","kid":7})", none, "not looked at, so its kind is no matter"},
      {R"({"alg":"HS256","jku":"http://evil.example/jwks"})", none, "nothing is fetched, RFC 8725 3.10"},
      {R"({"alg":"HS256","x5u":"http://evil.example/x"})", none, "nothing is fetched"},
      {R"({"alg":"HS256","x5c":["MIIB"],"x5t":"a"})", none, "not looked at"},
      {R"({"alg":"HS256","jwk":{"kty":"oct","k":"aw"}})", none, "not looked at"},
  });
  const auto refused = sample::token(R"({"alg":"HS256","jwk":{"kty":"oct","k":"aw"}})", sample::alice, "k");
  check_all({{refused, bad_signature, "signed with the key that it brings along"}});
}

TEST_CASE("a token has three parts and all of them hold something") {
  using enum TokenFault;
  const std::string good = sample::token(usual, sample::alice);
  const auto first = good.find('.');
  const auto second = good.rfind('.');
  const std::string head = good.substr(0, first), body = good.substr(first + 1, second - first - 1);
  const std::string tag = good.substr(second + 1);
  check_all({
      {good, none, "three parts"},
      {"", not_three_parts, "nothing"},
      {head, not_three_parts, "one part"},
      {head + '.' + body, not_three_parts, "two parts"},
      {good + ".AA", not_three_parts, "four parts"},
      {good + '.', not_three_parts, "four parts, the last one empty"},
      {'.' + good, not_three_parts, "four parts, the first one empty"},
      {good + ".AA.AA", not_three_parts, "five: encrypted, RFC 7516"},
      {"..", not_three_parts, "all empty"},
      {"....", not_three_parts, "five empty ones"},
      {'.' + body + '.' + tag, not_three_parts, "no header"},
      {head + ".." + tag, not_three_parts, "no payload: detached, RFC 7515 F"},
      {head + '.' + body + '.', not_three_parts, "no signature"},
      {sample::encode(R"({"alg":"none"})") + '.' + body + '.', not_three_parts, "unsecured, RFC 7515 A.5"},
      {good + '=', malformed_base64url, "padding"},
      {good + '\n', malformed_base64url, "a line end behind"},
      {' ' + good, malformed_base64url, "a space in front"},
      {head + "=." + body + '.' + tag, malformed_base64url, "padding in the header"},
      {head + '.' + body + "=." + tag, malformed_base64url, "padding in the payload"},
      {head + ".A." + tag, malformed_base64url, "one character holds no byte"},
      {"Bearer " + good, malformed_base64url, "the scheme is not part of the token"},
  });
}

TEST_CASE("no refused shape leaks a fault of a later step") {
  using enum TokenFault;
  const std::string not_json = sample::encode("not json");
  check_all({
      {sample::token("[]", "{}"), malformed_header, "the header is no object"},
      {sample::token("not json", "{}"), malformed_header, "the header is no JSON"},
      {sample::encode(usual) + '.' + not_json + ".AAAA", bad_signature,
       "an unsigned payload is never parsed"},
      {sample::token(usual, "not json"), malformed_payload, "a signed one is"},
      {sample::token(usual, "[]"), malformed_payload, "the payload is no object"},
  });
}

TEST_CASE("a token tampered with anywhere is refused") {
  auto verifier = sample::verifier();
  const std::string good = sample::token(usual, sample::alice);
  const std::string input = good.substr(0, good.rfind('.'));
  std::string tag(32, '\0');
  REQUIRE(decode_base64url(good.substr(input.size() + 1), tag));
  for (char& byte : tag) {
    for (unsigned bit = 1; bit < 256; bit <<= 1) {
      byte = static_cast<char>(byte ^ static_cast<char>(bit));
      CHECK(verifier.verify(input + '.' + sample::encode(tag), sample::now).fault ==
            TokenFault::bad_signature);
      byte = static_cast<char>(byte ^ static_cast<char>(bit));
    }
  }
  for (std::size_t place = 0; place < good.size(); ++place) {
    std::string other = good;
    other[place] = good[place] == 'A' ? 'B' : 'A';
    CAPTURE(place);
    CHECK(verifier.verify(other, sample::now).fault != TokenFault::none);
  }
  for (std::size_t size = 0; size < good.size(); ++size) {
    CHECK(verifier.verify(std::string_view(good).substr(0, size), sample::now).fault != TokenFault::none);
  }
  for (const std::size_t size : {1U, 16U, 31U}) {
    CHECK(verifier.verify(input + '.' + sample::encode(tag.substr(0, size)), sample::now).fault ==
          TokenFault::bad_signature);
  }
  CHECK(verifier.verify(input + '.' + sample::encode(tag + '\0'), sample::now).fault ==
        TokenFault::bad_signature);
  CHECK(verifier.verify(good, sample::now).fault == TokenFault::none);
}

TEST_CASE("a payload does not go with the signature of another one") {
  const std::string alice = sample::token(usual, sample::alice);
  const std::string bob = sample::token(usual, R"({"uid":"bob","exp":1767226500})");
  check_all({{bob.substr(0, bob.rfind('.')) + alice.substr(alice.rfind('.')), TokenFault::bad_signature,
              "of another"}});
}

TEST_CASE("a token is at most 8192 bytes long") {
  const std::string fits = sample::token(usual, payload_of_size(6083));
  const std::string over = sample::token(usual, payload_of_size(6084));
  REQUIRE(fits.size() == max_token_bytes);
  REQUIRE(over.size() == max_token_bytes + 1);
  check_all({
      {fits, TokenFault::none, "8192"},
      {over, TokenFault::too_large, "8193"},
      {std::string(max_token_bytes, '.'), TokenFault::not_three_parts, "nothing but dots"},
      {std::string(max_token_bytes + 1, '.'), TokenFault::too_large, "the size comes first"},
  });
}

TEST_CASE("a verdict does not depend on the ones before, nor on the verifier having been moved") {
  auto first = sample::verifier();
  const std::string good = sample::token(usual, sample::alice);
  const std::string nested = sample::token(usual, R"({"uid":"bob","x":[[[[{"y":)");
  for (int round = 0; round < 3; ++round) {
    CHECK(first.verify(nested, sample::now).fault == TokenFault::malformed_payload);
    CHECK(first.verify(sample::token(usual, R"({"exp":1767226500})"), sample::now).fault ==
          TokenFault::missing_uid);
    CHECK(first.verify(good, sample::now).uid.view() == "alice");
  }
  auto second = std::move(first);
  const auto verdict = second.verify(good, sample::now);
  CHECK(verdict.fault == TokenFault::none);
  CHECK(verdict.expires_at == 1767226500);
}

TEST_CASE("a token that was refused before is judged anew") {
  ClaimsPolicy policy;
  policy.leeway = 300;
  auto verifier = sample::verifier(policy);
  const std::string early = sample::token(usual, R"({"uid":"alice","nbf":400,"exp":1000})");
  CHECK(verifier.verify(early, 50).fault == TokenFault::not_yet_valid);
  CHECK(verifier.verify(early, 150).fault == TokenFault::none);
}

TEST_CASE("a token that was verified before is judged by the time alone, and only as it was") {
  auto verifier = sample::verifier();
  const std::string good = sample::token(usual, sample::alice);
  const auto first = verifier.verify(good, sample::now);
  REQUIRE(first.fault == TokenFault::none);
  CHECK(verifier.verify(good, sample::now).uid.view() == "alice");
  CHECK(verifier.verify(good, first.expires_at + 29).fault == TokenFault::none);
  CHECK(verifier.verify(good, first.expires_at + 30).fault == TokenFault::expired);
  CHECK(verifier.verify(good, sample::now).fault == TokenFault::none);
  // The same signature under another payload.
  std::string other = sample::token(usual, sample::alice);
  other[other.find('.') + 3] ^= 1;
  CHECK(verifier.verify(other, sample::now).fault != TokenFault::none);
  CHECK(verifier.verify(good + "A", sample::now).fault != TokenFault::none);
}

TEST_CASE("a verified token brings the hash of its uid, whether it was remembered or not") {
  const KeyedHash hash(test_key(1));
  const auto keys = std::make_shared<const Keys>(
      Keys{std::make_shared<const SharedSecrets>(std::vector<std::string>{sample::secret}), {}, nullptr});
  Verifier verifier(keys, {}, default_cache_bytes, hash);
  const std::string token = sample::token(usual, sample::alice);
  for (const bool remembered : {false, true}) {
    const Verification verification = verifier.verify(token, sample::now);
    CHECK(verification.remembered == remembered);
    CHECK(verification.uid_hash == hash("alice"));
  }
  CHECK(verifier.verify(token + "x", sample::now).uid_hash == 0);
}

TEST_CASE("a token is recalled once it was verified, and never one that was not") {
  auto verifier = sample::verifier();
  const std::string good = sample::token(usual, sample::alice);
  Verification recalled;
  CHECK_FALSE(verifier.recall(good, sample::now, {}, recalled));
  CHECK(verifier.remembered() == 0);
  const auto first = verifier.verify_anew(good, sample::now, {});
  REQUIRE(first.fault == TokenFault::none);
  CHECK(verifier.remembered() == 1);
  REQUIRE(verifier.recall(good, sample::now, {}, recalled));
  CHECK(recalled.uid.view() == "alice");
  CHECK_FALSE(verifier.recall(good, first.expires_at + 30, {}, recalled));
  const std::string bad = sample::token(usual, R"({"exp":1767226500})");
  CHECK(verifier.verify_anew(bad, sample::now, {}).fault == TokenFault::missing_uid);
  CHECK_FALSE(verifier.recall(bad, sample::now, {}, recalled));
  CHECK(verifier.remembered() == 1);
}
