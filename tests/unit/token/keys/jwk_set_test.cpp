#include "token/keys/jwk_set.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

#include "signing.hpp"

using namespace postern::token;

namespace {

const sample::SigningKey& ed() {
  static const sample::SigningKey key(Algorithm::eddsa, "ed");
  return key;
}
const sample::SigningKey& p256() {
  static const sample::SigningKey key(Algorithm::es256, "p256");
  return key;
}
const sample::SigningKey& p521() {
  static const sample::SigningKey key(Algorithm::es512, "p521");
  return key;
}
const sample::SigningKey& rsa() {
  static const sample::SigningKey key(Algorithm::rs256, "rsa");
  return key;
}

std::string set_of(std::string_view keys) {
  return R"({"keys":[)" + std::string(keys) + "]}";
}

std::string x(std::string_view bytes) {
  return R"(,"x":")" + sample::encode(bytes) + '"';
}
std::string xy(std::string_view x_bytes, std::string_view y_bytes) {
  return x(x_bytes) + R"(,"y":")" + sample::encode(y_bytes) + '"';
}
std::string okp(std::string_view bytes) {
  return R"({"kty":"OKP","crv":"Ed25519")" + x(bytes) + '}';
}
std::string ec(std::string_view crv, std::string_view x_bytes, std::string_view y_bytes) {
  return R"({"kty":"EC","crv":")" + std::string(crv) + '"' + xy(x_bytes, y_bytes) + '}';
}
std::string rsa_of(std::string_view n, std::string_view e, std::string_view more = "") {
  return R"({"kty":"RSA","n":")" + sample::encode(n) + R"(","e":")" + sample::encode(e) + '"' +
         std::string(more) + '}';
}
std::string odd_modulus(std::size_t bytes, char first = '\x80') {
  std::string n(bytes, '\x55');
  n.front() = first;
  return n;
}
std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

// What becomes of the one key of a set.
std::string judged(std::string_view jwk) {
  const auto read = read_jwk_set(set_of(jwk));
  if (const auto* set = std::get_if<JwkSet>(&read)) return std::string(text_of(set->keys.front().algorithm));
  const auto& refusal = std::get<JwkSetRefusal>(read);
  if (refusal.skipped.empty()) return std::string(text_of(refusal.fault));
  return std::string(text_of(refusal.skipped.front().fault));
}

struct Case {
  std::string jwk;
  KeyFault fault;
  std::string_view why;
};

void check_skipped(const std::vector<Case>& cases) {
  for (const auto& [jwk, fault, why] : cases) {
    CAPTURE(jwk);
    CAPTURE(why);
    CHECK(judged(jwk) == text_of(fault));
    // It never takes the keys beside it along.
    const auto read = read_jwk_set(set_of(jwk + ',' + ed().jwk()));
    REQUIRE(std::holds_alternative<JwkSet>(read));
    CHECK(std::get<JwkSet>(read).keys.size() == 1);
    CHECK(std::get<JwkSet>(read).skipped.size() == 1);
  }
}

}  // namespace

TEST_CASE("a key is bound to one algorithm") {
  CHECK(judged(ed().jwk()) == "EdDSA");
  CHECK(judged(ed().jwk(R"(,"alg":"EdDSA")")) == "EdDSA");
  CHECK(judged(ed().jwk(R"(,"alg":"Ed25519")")) == "EdDSA");
  CHECK(judged(p256().jwk()) == "ES256");
  CHECK(judged(p256().jwk(R"(,"alg":"ES256")")) == "ES256");
  CHECK(judged(p521().jwk()) == "ES512");
  CHECK(judged(p521().jwk(R"(,"alg":"ES512")")) == "ES512");
  CHECK(judged(rsa().jwk()) == "RS256");
  CHECK(judged(rsa().jwk(R"(,"alg":"RS256")")) == "RS256");
  CHECK(judged(rsa().jwk(R"(,"alg":"PS256")")) == "PS256");
}

TEST_CASE("what else stands in a key does not matter") {
  CHECK(judged(ed().jwk(R"(,"use":"sig")")) == "EdDSA");
  CHECK(judged(ed().jwk(R"(,"key_ops":["verify"])")) == "EdDSA");
  CHECK(judged(ed().jwk(R"(,"key_ops":["sign","verify"],"use":"sig")")) == "EdDSA");
  CHECK(judged(ed().jwk(R"(,"x5c":["MIIB"],"x5u":"http://evil.example","expiresAt":null)")) == "EdDSA");
  CHECK(judged(rsa_of('\0' + odd_modulus(256), std::string("\0\1\0\1", 4))) == "RS256");
  CHECK(judged(rsa_of(odd_modulus(1024), "\1\1\1\1\1\1\1\1")) == "RS256");
}

TEST_CASE("keys for other uses and of other types are skipped") {
  using enum KeyFault;
  check_skipped({
      {"null", not_an_object, "null"},
      {"1", not_an_object, "a number"},
      {"true", not_an_object, "true"},
      {R"("kty")", not_an_object, "a string"},
      {"[]", not_an_object, "an array"},
      {"[{}]", not_an_object, "an array of objects"},
      {"{}", malformed_member, "no kty"},
      {R"({"kty":null})", malformed_member, "kty is no string"},
      {R"({"kty":1})", malformed_member, "kty is no string"},
      {R"({"kty":["OKP"]})", malformed_member, "kty is no string"},
      {R"({"kty":""})", unknown_type, "empty"},
      {R"({"kty":"okp"})", unknown_type, "names are case-sensitive"},
      {R"({"kty":"ec"})", unknown_type, "names are case-sensitive"},
      {R"({"kty":"Rsa"})", unknown_type, "names are case-sensitive"},
      {R"({"kty":"AKP","alg":"ML-DSA-44"})", unknown_type, "post-quantum"},
      {R"({"kty":"EC\u0000"})", unknown_type, "NUL behind"},
      {R"({"kty":"oct","k":"c2VjcmV0"})", symmetric, "an HMAC key in a public set"},
      {R"({"kty":"oct","k":"c2VjcmV0","alg":"HS256","kid":"ed"})", symmetric, "with a kid of another"},
      {R"({"kty":"oct"})", symmetric, "without a secret"},
      {ed().jwk(R"(,"use":"enc")"), not_for_signatures, "for encryption"},
      {ed().jwk(R"(,"use":"SIG")"), not_for_signatures, "names are case-sensitive"},
      {ed().jwk(R"(,"use":"")"), not_for_signatures, "empty"},
      {ed().jwk(R"(,"use":null)"), not_for_signatures, "no string"},
      {ed().jwk(R"(,"use":["sig"])"), not_for_signatures, "no string"},
      {rsa().jwk(R"(,"use":"enc")"), not_for_signatures, "the same for RSA"},
      {p256().jwk(R"(,"use":"enc")"), not_for_signatures, "the same for EC"},
      {ed().jwk(R"(,"key_ops":["sign"])"), not_for_verifying, "for signing only"},
      {ed().jwk(R"(,"key_ops":[])"), not_for_verifying, "for nothing"},
      {ed().jwk(R"(,"key_ops":"verify")"), not_for_verifying, "no array"},
      {ed().jwk(R"(,"key_ops":null)"), not_for_verifying, "no array"},
      {ed().jwk(R"(,"key_ops":[["verify"]])"), not_for_verifying, "not a string of the array"},
      {ed().jwk(R"(,"key_ops":["Verify"])"), not_for_verifying, "names are case-sensitive"},
      {ed().jwk(R"(,"key_ops":["verify"],"use":"enc")"), not_for_signatures, "use says otherwise"},
      {p256().jwk(R"(,"key_ops":["deriveBits"])"), not_for_verifying, "ECDH"},
      {rsa().jwk(R"(,"key_ops":["encrypt","wrapKey"])"), not_for_verifying, "RSA encryption"},
      {ed().jwk(R"(,"d":"AAAA")"), private_key, "its private part"},
      {p256().jwk(R"(,"d":"AAAA")"), private_key, "its private part"},
      {rsa().jwk(R"(,"d":"AAAA","p":"AA")"), private_key, "its private part"},
      {ed().jwk(R"(,"d":null)"), private_key, "null is a value"},
      {sample::SigningKey(Algorithm::eddsa, "").jwk(R"(,"kid":7)"), malformed_member, "kid is no string"},
      {sample::SigningKey(Algorithm::eddsa, "").jwk(R"(,"kid":null)"), malformed_member, "kid is no string"},
      {sample::SigningKey(Algorithm::eddsa, "").jwk(R"(,"kid":["k"])"), malformed_member, "kid is no string"},
  });
}

TEST_CASE("an alg that contradicts the key is skipped") {
  std::vector<Case> cases;
  for (const auto* key : {&ed(), &p256(), &p521(), &rsa()}) {
    const std::string own(text_of(key->algorithm()));
    for (const std::string alg :
         {"HS256", "none", "RS256", "PS256", "ES256", "ES512", "EdDSA", "ES384", "RS384", "RS512", "PS512",
          "Ed448", "RSA-OAEP", "ECDH-ES", "ES256K", "rs256", ""}) {
      const bool rsa_pair = key == &rsa() && alg == "PS256";
      if (alg == own || rsa_pair) continue;
      cases.push_back({key->jwk(R"(,"alg":")" + alg + '"'), KeyFault::wrong_algorithm, "another algorithm"});
    }
    cases.push_back({key->jwk(R"(,"alg":null)"), KeyFault::wrong_algorithm, "no string"});
  }
  CHECK(cases.size() > 60);
  check_skipped(cases);
}

TEST_CASE("an Ed25519 key is 32 bytes of a point of large order") {
  using enum KeyFault;
  const std::string good = ed().raw();
  std::string negative_zero(32, '\0');
  negative_zero.back() = '\x80';
  std::string one = std::string(1, '\1') + std::string(31, '\0');
  std::string two = std::string(1, '\2') + std::string(31, '\0');
  check_skipped({
      {okp(good.substr(1)), wrong_size, "31 bytes"},
      {okp(good + 'x'), wrong_size, "33 bytes"},
      {okp(std::string(57, 'x')), wrong_size, "as long as Ed448's"},
      {okp(""), malformed_member, "empty"},
      {R"({"kty":"OKP","crv":"Ed25519"})", malformed_member, "no x"},
      {R"({"kty":"OKP","crv":"Ed25519","x":null})", malformed_member, "x is no string"},
      {R"({"kty":"OKP","crv":"Ed25519","x":7})", malformed_member, "x is no string"},
      {R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo"})", malformed_member,
       "plain base64"},
      {R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo="})",
       malformed_member, "padding"},
      {R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURp"})", malformed_member,
       "spare bits"},
      {R"({"kty":"OKP","crv":"Ed25519","x":" 11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})",
       malformed_member, "white space"},
      {R"({"kty":"OKP")" + x(good) + '}', malformed_member, "no crv"},
      {R"({"kty":"OKP","crv":25519)" + x(good) + '}', malformed_member, "crv is no string"},
      {R"({"kty":"OKP","crv":"X25519")" + x(good) + '}', unknown_curve, "for key agreement"},
      {R"({"kty":"OKP","crv":"Ed448")" + x(std::string(57, 'x')) + '}', unknown_curve, "not one of ours"},
      {R"({"kty":"OKP","crv":"ed25519")" + x(good) + '}', unknown_curve, "names are case-sensitive"},
      {R"({"kty":"OKP","crv":"P-256")" + x(good) + '}', unknown_curve, "a curve of EC"},
      {okp(std::string(32, '\0')), not_on_curve, "of order 4"},
      {okp(negative_zero), not_on_curve, "of order 4, the other"},
      {okp(one), not_on_curve, "the neutral element"},
      {okp(from_hex("0100000000000000000000000000000000000000000000000000000000000080")), not_on_curve,
       "with a sign"},
      {okp(from_hex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")), not_on_curve,
       "of order 2"},
      {okp(from_hex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")), not_on_curve,
       "of order 8"},
      {okp(from_hex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85")), not_on_curve,
       "of order 8"},
      {okp(from_hex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")), not_on_curve,
       "of order 8"},
      {okp(from_hex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa")), not_on_curve,
       "of order 8"},
      {okp(from_hex("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")), not_on_curve,
       "y = p, not reduced"},
      {okp(from_hex("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")), not_on_curve,
       "y = p + 1"},
      {okp(std::string(32, '\xFF')), not_on_curve, "y over p"},
      {okp(two), not_on_curve, "no point has y = 2"},
  });
  for (int round = 0; round < 20; ++round) {
    CHECK(judged(sample::SigningKey(Algorithm::eddsa, "").jwk()) == "EdDSA");
  }
}

TEST_CASE("an EC key is a point of its curve, in coordinates of full length") {
  using enum KeyFault;
  const std::string x2 = p256().number(OSSL_PKEY_PARAM_EC_PUB_X, 32),
                    y2 = p256().number(OSSL_PKEY_PARAM_EC_PUB_Y, 32);
  const std::string x5 = p521().number(OSSL_PKEY_PARAM_EC_PUB_X, 66),
                    y5 = p521().number(OSSL_PKEY_PARAM_EC_PUB_Y, 66);
  std::string off = y2;
  off.back() = static_cast<char>(off.back() ^ 1);
  const std::string p = from_hex("FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF");
  check_skipped({
      {ec("P-256", x2, off), not_on_curve, "y is another"},
      {ec("P-256", y2, x2), not_on_curve, "the wrong way round"},
      {ec("P-256", std::string(32, '\0'), std::string(32, '\0')), not_on_curve, "zeros"},
      {ec("P-256", std::string(32, '\xFF'), std::string(32, '\xFF')), not_on_curve, "over the field"},
      {ec("P-256", p, y2), not_on_curve, "x = p"},
      {ec("P-256", x2.substr(1), y2), wrong_size, "x cut short"},
      {ec("P-256", x2, y2.substr(1)), wrong_size, "y cut short"},
      {ec("P-256", '\0' + x2, y2), wrong_size, "x with a zero more"},
      {ec("P-256", x2, '\0' + y2), wrong_size, "y with a zero more"},
      {ec("P-256", x5, y5), wrong_size, "of another curve"},
      {ec("P-521", x2, y2), wrong_size, "of another curve"},
      {ec("P-521", std::string(34, '\0') + x2, std::string(34, '\0') + y2), not_on_curve,
       "of another curve, padded"},
      {ec("P-521", x5.substr(1), y5), wrong_size, "65 bytes"},
      {ec("P-521", std::string(66, '\xFF'), y5), not_on_curve, "over the field"},
      {ec("P-256", "", y2), malformed_member, "no x"},
      {ec("P-256", x2, ""), malformed_member, "no y"},
      {R"({"kty":"EC","crv":"P-256")" + x(x2) + '}', malformed_member, "no y"},
      {R"({"kty":"EC","crv":"P-256"})", malformed_member, "neither"},
      {R"({"kty":"EC")" + xy(x2, y2) + '}', malformed_member, "no crv"},
      {R"({"kty":"EC","crv":256)" + xy(x2, y2) + '}', malformed_member, "crv is no string"},
      {ec("P-384", std::string(48, 'x'), std::string(48, 'x')), unknown_curve, "ES384 is not one of ours"},
      {ec("secp256k1", x2, y2), unknown_curve, "ES256K is not one of ours"},
      {ec("prime256v1", x2, y2), unknown_curve, "OpenSSL's name of P-256"},
      {ec("p-256", x2, y2), unknown_curve, "names are case-sensitive"},
      {ec("Ed25519", x2, y2), unknown_curve, "a curve of OKP"},
      {ec("", x2, y2), unknown_curve, "empty"},
  });
}

TEST_CASE("an RSA key has 2048 to 8192 bits and a sound exponent") {
  using enum KeyFault;
  const std::string f4 = std::string("\1\0\1", 3), good = odd_modulus(256);
  std::string even = good;
  even.back() = '\x54';
  check_skipped({
      {rsa_of(odd_modulus(128), f4), modulus_too_short, "1024 bits"},
      {rsa_of(odd_modulus(255), f4), modulus_too_short, "2040 bits"},
      {rsa_of(odd_modulus(256, '\x7F'), f4), modulus_too_short, "2047 bits"},
      {rsa_of("\3", f4), modulus_too_short, "2 bits"},
      {rsa_of(std::string(256, '\0'), f4), modulus_too_short, "zeros"},
      {rsa_of(std::string(200, '\0') + odd_modulus(128), f4), modulus_too_short, "1024 bits behind zeros"},
      {rsa_of(odd_modulus(1025), f4), modulus_too_long, "8200 bits"},
      {rsa_of(odd_modulus(1025, '\1'), f4), modulus_too_long, "8193 bits"},
      {rsa_of(odd_modulus(16384), f4), modulus_too_long, "131,072 bits: each check would take seconds"},
      {rsa_of(even, f4), bad_modulus, "even"},
      {rsa_of(good, "\3"), bad_exponent, "3"},
      {rsa_of(good, "\1"), bad_exponent, "1: every signature is its own message"},
      {rsa_of(good, std::string(1, '\0')), bad_exponent, "0"},
      {rsa_of(good, "\x11"), bad_exponent, "17"},
      {rsa_of(good, "\xFF\xFF"), bad_exponent, "65535"},
      {rsa_of(good, std::string("\1\0\0", 3)), bad_exponent, "65536, even"},
      {rsa_of(good, std::string("\1\0\2", 3)), bad_exponent, "65538, even"},
      {rsa_of(good, "\1\1\1\1\1\1\1\1\1"), bad_exponent, "65 bits"},
      {rsa_of(good, good), bad_exponent, "as long as the modulus"},
      {rsa_of(good, ""), malformed_member, "no e"},
      {rsa_of("", f4), malformed_member, "no n"},
      {R"({"kty":"RSA","e":"AQAB"})", malformed_member, "no n"},
      {R"({"kty":"RSA","n":")" + sample::encode(good) + R"("})", malformed_member, "no e"},
      {R"({"kty":"RSA","n":7,"e":"AQAB"})", malformed_member, "n is no string"},
      {R"({"kty":"RSA","n":")" + sample::encode(good) + R"(","e":65537})", malformed_member,
       "e is no string"},
      {R"({"kty":"RSA","n":")" + sample::encode(good) + R"(","e":"AQAB=="})", malformed_member, "padding"},
  });
}

TEST_CASE("a text that is no set is told apart from a set without usable keys") {
  struct Row {
    std::string text;
    KeySetFault fault;
    std::string_view why;
  };
  using enum KeySetFault;
  const std::vector<Row> rows{
      {"", not_json, "nothing"},
      {"null", not_json, "null"},
      {"[]", not_json, "an array"},
      {'[' + ed().jwk() + ']', not_json, "the keys without their set"},
      {"\"keys\"", not_json, "a string"},
      {"<html>", not_json, "an error page"},
      {set_of(ed().jwk()) + "x", not_json, "something behind"},
      {set_of(ed().jwk()).substr(1), not_json, "cut in front"},
      {R"({"keys":[)" + ed().jwk(), not_json, "cut behind"},
      {R"({'keys':[]})", not_json, "other quotes"},
      {R"({"keys":[],})", not_json, "a comma too many"},
      {"\xEF\xBB\xBF" + set_of(ed().jwk()), not_json, "a byte order mark"},
      {R"({"keys":["\xFF"]})", not_json, "no escape"},
      {"{\"keys\":[\"\xFF\"]}", not_json, "no UTF-8"},
      {"{}", no_keys_member, "empty"},
      {ed().jwk(), no_keys_member, "a key without its set"},
      {R"({"error":"not found"})", no_keys_member, "an error's JSON"},
      {R"({"Keys":[]})", no_keys_member, "names are case-sensitive"},
      {R"({"keys":null})", no_keys_member, "null"},
      {R"({"keys":{}})", no_keys_member, "an object"},
      {R"({"keys":"x"})", no_keys_member, "a string"},
      {R"({"data":{"keys":[]}})", no_keys_member, "not at the top"},
      {R"({"keys":[]})", no_usable_key, "Better Auth before its first token"},
      {set_of("{}"), no_usable_key, "nothing but odd ones"},
      {set_of(R"({"kty":"oct","k":"c2VjcmV0"})"), no_usable_key, "nothing but a secret"},
      {std::string(max_jwk_set_bytes + 1, ' '), too_large, "over 1 MiB"},
  };
  for (const auto& [text, fault, why] : rows) {
    CAPTURE(why);
    const auto read = read_jwk_set(text);
    REQUIRE(std::holds_alternative<JwkSetRefusal>(read));
    CHECK(text_of(std::get<JwkSetRefusal>(read).fault) == text_of(fault));
  }
}

TEST_CASE("at most 1024 keys are read") {
  std::string keys = ed().jwk();
  for (std::size_t i = 1; i < max_jwk_set_keys; ++i) keys += ",{}";
  const auto read = read_jwk_set(set_of(keys));
  REQUIRE(std::holds_alternative<JwkSet>(read));
  CHECK(std::get<JwkSet>(read).skipped.size() == max_jwk_set_keys - 1);
  const auto over = read_jwk_set(set_of(keys + ",{}"));
  REQUIRE(std::holds_alternative<JwkSetRefusal>(over));
  CHECK(std::get<JwkSetRefusal>(over).fault == KeySetFault::too_many_keys);
}

TEST_CASE("keys keep their order and kid, one listed twice is one") {
  const auto read = read_jwk_set(set_of(rsa().jwk() + ',' + ed().jwk() + ',' + ed().jwk() + ',' +
                                        p256().jwk() + R"(,{"kty":"oct","kid":"s3"})"));
  REQUIRE(std::holds_alternative<JwkSet>(read));
  const auto& set = std::get<JwkSet>(read);
  REQUIRE(set.keys.size() == 3);
  CHECK(set.keys[0].kid == "rsa");
  CHECK(set.keys[1].kid == "ed");
  CHECK(set.keys[2].kid == "p256");
  CHECK(set.keys[0].spki == rsa().spki());
  REQUIRE(set.skipped.size() == 1);
  CHECK(set.skipped[0].position == 4);
  CHECK(set.skipped[0].kid == "s3");
  CHECK_FALSE(std::get<JwkSet>(read_jwk_set(set_of('{' + ed().material() + '}'))).keys[0].kid);
}

TEST_CASE("every fault has a text of its own") {
  std::set<std::string_view> texts;
  for (unsigned i = 0; i <= static_cast<unsigned>(KeyFault::bad_exponent); ++i) {
    texts.insert(text_of(static_cast<KeyFault>(i)));
  }
  CHECK(texts.size() == static_cast<unsigned>(KeyFault::bad_exponent) + 1);
  CHECK(texts.count("unknown") == 0);
}
