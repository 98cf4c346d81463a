#include "token/signature/signature_check.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <vector>

#include "signing.hpp"

using namespace postern::token;

namespace {

std::string decoded(std::string_view text) {
  std::string bytes(decoded_size(text.size()), '\0');
  REQUIRE(decode_base64url(text, bytes).has_value());
  return bytes;
}

// The key of a set of one.
PublicKey read_key(std::string_view jwk) {
  auto read = read_jwk_set(R"({"keys":[)" + std::string(jwk) + "]}");
  REQUIRE(std::holds_alternative<JwkSet>(read));
  return std::get<JwkSet>(read).keys.front();
}

struct Vector {
  std::string_view source;
  Algorithm algorithm;
  std::string_view jwk, message, signature;
};

const std::vector<Vector>& vectors() {
  static const std::vector<Vector> all{
      {"RFC 8037 A.4", Algorithm::eddsa,
       R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})",
       "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
       "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"},
      {"RFC 7515 A.2", Algorithm::rs256,
       R"({"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"})",
       "eyJhbGciOiJSUzI1NiJ9."
       "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
       "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_"
       "O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_"
       "nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-"
       "eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_"
       "IoypGlUPQGe77Rw"},
      {"RFC 7515 A.3", Algorithm::es256,
       R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})",
       "eyJhbGciOiJFUzI1NiJ9."
       "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
       "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"},
      {"RFC 7515 A.4", Algorithm::es512,
       R"({"kty":"EC","crv":"P-521","x":"AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk","y":"ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2"})",
       "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA",
       "AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_"
       "7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn"},
  };
  return all;
}

}  // namespace

TEST_CASE("the examples of the RFCs verify, again and again, and only as they are") {
  for (const Vector& vector : vectors()) {
    CAPTURE(vector.source);
    const PublicKey key = read_key(vector.jwk);
    CHECK(key.algorithm == vector.algorithm);
    SignatureCheck check(key);
    std::string signature = decoded(vector.signature);
    const std::string message(vector.message);
    for (int round = 0; round < 3; ++round) CHECK(check.verify(message, signature));
    CHECK_FALSE(check.verify(message + 'x', signature));
    CHECK_FALSE(check.verify(message.substr(1), signature));
    CHECK_FALSE(check.verify("", signature));
    CHECK_FALSE(check.verify(message, std::string_view()));
    CHECK_FALSE(check.verify(message, signature + '\0'));
    CHECK_FALSE(check.verify(message, '\0' + signature));
    CHECK_FALSE(check.verify(message, std::string_view(signature).substr(1)));
    CHECK_FALSE(check.verify(message, std::string_view(signature).substr(0, signature.size() - 1)));
    CHECK_FALSE(check.verify(message, signature + signature));
    CHECK_FALSE(check.verify(message, std::string(signature.size(), '\0')));
    CHECK_FALSE(check.verify(message, std::string(signature.size(), '\xFF')));
    for (std::size_t i = 0; i < signature.size(); i += 7) {
      signature[i] = static_cast<char>(signature[i] ^ 1);
      CHECK_FALSE(check.verify(message, signature));
      signature[i] = static_cast<char>(signature[i] ^ 1);
    }
    CHECK(check.verify(message, signature));
  }
}

TEST_CASE("what each algorithm signs it verifies, and no other key does") {
  for (const auto algorithm :
       {Algorithm::eddsa, Algorithm::es256, Algorithm::es512, Algorithm::rs256, Algorithm::ps256}) {
    CAPTURE(text_of(algorithm));
    const sample::SigningKey one(algorithm, "1"), other(algorithm, "2");
    SignatureCheck check(sample::public_key(one)), wrong(sample::public_key(other));
    for (int round = 0; round < 5; ++round) {
      const std::string message = "message " + std::to_string(round);
      const std::string signature = one.sign(message);
      CHECK(check.verify(message, signature));
      CHECK_FALSE(wrong.verify(message, signature));
      CHECK_FALSE(check.verify("another message", signature));
    }
  }
}

TEST_CASE("RS256 and PS256 of one RSA key are not taken for each other") {
  const sample::SigningKey rs(Algorithm::rs256, "");
  const PublicKey rs_key = sample::public_key(rs);
  PublicKey ps_key = rs_key;
  ps_key.algorithm = Algorithm::ps256;
  const std::string signature = rs.sign("message");
  CHECK(SignatureCheck(rs_key).verify("message", signature));
  CHECK_FALSE(SignatureCheck(ps_key).verify("message", signature));
  const sample::SigningKey ps(Algorithm::ps256, "");
  PublicKey as_rs = sample::public_key(ps);
  as_rs.algorithm = Algorithm::rs256;
  CHECK_FALSE(SignatureCheck(as_rs).verify("message", ps.sign("message")));
}

TEST_CASE("an Ed25519 signature whose S is not reduced is refused (RFC 8032 5.1.7)") {
  const sample::SigningKey key(Algorithm::eddsa, "");
  SignatureCheck check(sample::public_key(key));
  std::string signature = key.sign("message");
  REQUIRE(check.verify("message", signature));
  // S + L, little-endian, is the same modulo L.
  constexpr std::array<unsigned char, 32> order{
      0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
      0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};
  unsigned carry = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    carry += static_cast<unsigned char>(signature[32 + i]) + order[i];
    signature[32 + i] = static_cast<char>(carry & 0xFF);
    carry >>= 8;
  }
  CHECK_FALSE(check.verify("message", signature));
}

TEST_CASE("PS256 wants a salt as long as its hash (RFC 7518 3.5)") {
  const sample::SigningKey key(Algorithm::ps256, "");
  SignatureCheck check(sample::public_key(key));
  CHECK(check.verify("message", key.sign("message")));
}
