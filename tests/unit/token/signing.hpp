#pragma once
// Issuers' keys and the tokens that they sign, for the tests of this folder.

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "sample.hpp"
#include "token/keys/jwk_set.hpp"
#include "token/keys/keys.hpp"

namespace postern::token::sample {

inline const std::string issuer = "https://auth.example";

// A private key of any algorithm but HS256.
class SigningKey {
 public:
  SigningKey(Algorithm algorithm, std::string kid, unsigned rsa_bits = 2048)
      : algorithm_(algorithm), kid_(std::move(kid)), key_(make(algorithm, rsa_bits), &EVP_PKEY_free) {}

  [[nodiscard]] const std::string& kid() const { return kid_; }
  [[nodiscard]] Algorithm algorithm() const { return algorithm_; }

  // Its JWK; `more` is put behind the members that are always there, with a comma in front.
  [[nodiscard]] std::string jwk(std::string_view more = "") const {
    return '{' + material() + (kid_.empty() ? "" : R"(,"kid":")" + kid_ + '"') + std::string(more) + '}';
  }

  // kty and the numbers.
  [[nodiscard]] std::string material() const {
    if (algorithm_ == Algorithm::eddsa) return R"("kty":"OKP","crv":"Ed25519","x":")" + encode(raw()) + '"';
    if (algorithm_ == Algorithm::rs256 || algorithm_ == Algorithm::ps256) {
      return R"("kty":"RSA","n":")" + encode(number(OSSL_PKEY_PARAM_RSA_N)) + R"(","e":")" +
             encode(number(OSSL_PKEY_PARAM_RSA_E)) + '"' +
             (algorithm_ == Algorithm::ps256 ? R"(,"alg":"PS256")" : "");
    }
    const std::size_t size = algorithm_ == Algorithm::es256 ? 32 : 66;
    return std::string(R"("kty":"EC","crv":")") + (size == 32 ? "P-256" : "P-521") + R"(","x":")" +
           encode(number(OSSL_PKEY_PARAM_EC_PUB_X, size)) + R"(","y":")" +
           encode(number(OSSL_PKEY_PARAM_EC_PUB_Y, size)) + '"';
  }

  // The signature as a JWS carries it, not encoded.
  [[nodiscard]] std::string sign(std::string_view message) const {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    EVP_PKEY_CTX* parameters = nullptr;
    const EVP_MD* digest = algorithm_ == Algorithm::eddsa   ? nullptr
                           : algorithm_ == Algorithm::es512 ? EVP_sha512()
                                                            : EVP_sha256();
    std::size_t size = 0;
    const auto* bytes = reinterpret_cast<const unsigned char*>(message.data());
    bool good = EVP_DigestSignInit(context.get(), &parameters, digest, nullptr, key_.get()) == 1;
    if (algorithm_ == Algorithm::ps256) {
      good = good && EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) == 1 &&
             EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST) == 1;
    }
    good = good && EVP_DigestSign(context.get(), nullptr, &size, bytes, message.size()) == 1;
    std::string signature(size, '\0');
    good = good && EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                                  bytes, message.size()) == 1;
    if (!good) throw std::runtime_error("cannot sign");
    signature.resize(size);
    return algorithm_ == Algorithm::es256 || algorithm_ == Algorithm::es512 ? side_by_side(signature)
                                                                            : signature;
  }

  // A token with this header and payload, well signed.
  [[nodiscard]] std::string signed_token(std::string_view header, std::string_view payload) const {
    const std::string input = encode(header) + '.' + encode(payload);
    return input + '.' + encode(sign(input));
  }
  [[nodiscard]] std::string token(std::string_view payload) const { return signed_token(header(), payload); }
  [[nodiscard]] std::string header() const {
    return R"({"alg":")" + std::string(text_of(algorithm_)) + '"' +
           (kid_.empty() ? "" : R"(,"kid":")" + kid_ + '"') + '}';
  }

  [[nodiscard]] std::string number(const char* name, std::size_t size = 0) const {
    BIGNUM* found = nullptr;
    if (EVP_PKEY_get_bn_param(key_.get(), name, &found) != 1) throw std::runtime_error("no such number");
    std::string bytes(size == 0 ? static_cast<std::size_t>(BN_num_bytes(found)) : size, '\0');
    BN_bn2binpad(found, reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
    BN_free(found);
    return bytes;
  }
  [[nodiscard]] std::string raw() const {
    std::string bytes(32, '\0');
    std::size_t size = bytes.size();
    EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(bytes.data()), &size);
    return bytes;
  }
  [[nodiscard]] std::string spki() const {
    unsigned char* der = nullptr;
    const int size = i2d_PUBKEY(key_.get(), &der);
    std::string out(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
    OPENSSL_free(der);
    return out;
  }

 private:
  static EVP_PKEY* make(Algorithm algorithm, unsigned rsa_bits) {
    switch (algorithm) {
      case Algorithm::eddsa:
        return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
      case Algorithm::es256:
        return EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
      case Algorithm::es512:
        return EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-521");
      default:
        return EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", static_cast<std::size_t>(rsa_bits));
    }
  }

  [[nodiscard]] std::string side_by_side(const std::string& der) const {
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> both(
        d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())), &ECDSA_SIG_free);
    const int size = algorithm_ == Algorithm::es256 ? 32 : 66;
    std::string out(2 * static_cast<std::size_t>(size), '\0');
    auto* to = reinterpret_cast<unsigned char*>(out.data());
    BN_bn2binpad(ECDSA_SIG_get0_r(both.get()), to, size);
    BN_bn2binpad(ECDSA_SIG_get0_s(both.get()), to + size, size);
    return out;
  }

  Algorithm algorithm_;
  std::string kid_;
  std::shared_ptr<EVP_PKEY> key_;
};

inline PublicKey public_key(const SigningKey& key) {
  auto read = read_jwk_set(R"({"keys":[)" + key.jwk() + "]}");
  return std::get<JwkSet>(std::move(read)).keys.front();
}

// A usable set that comes from an address, of `of` for the audience `api`.
inline KeySet key_set(const std::vector<const SigningKey*>& keys, std::string of = issuer) {
  KeySet set;
  set.issuer = std::move(of);
  set.audience = "api";
  set.fetchable = true;
  set.state = KeySet::State::usable;
  for (const SigningKey* key : keys) set.keys.push_back(public_key(*key));
  return set;
}

inline std::shared_ptr<const Keys> keys_of(std::vector<KeySet> sets, std::vector<std::string> secrets = {}) {
  Keys keys;
  if (!secrets.empty()) keys.secrets = std::make_shared<const SharedSecrets>(std::move(secrets));
  for (KeySet& set : sets) keys.sets.push_back(std::make_shared<const KeySet>(std::move(set)));
  return std::make_shared<const Keys>(std::move(keys));
}

// What the issuer signs for alice, `more` behind it with a comma in front.
inline std::string claims_of(std::string_view user, std::string_view more = "",
                             std::string_view of = issuer) {
  return R"({"sub":")" + std::string(user) + R"(","iss":")" + std::string(of) +
         R"(","aud":"api","iat":1767225000,"exp":1767226500)" + std::string(more) + '}';
}

}  // namespace postern::token::sample
