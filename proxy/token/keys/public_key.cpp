#include "token/keys/public_key.hpp"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace postern::token {
namespace {

template <class T, void (*Free)(T*)>
struct Freed {
  void operator()(T* one) const noexcept { Free(one); }
};
using Bignum = std::unique_ptr<BIGNUM, Freed<BIGNUM, BN_free>>;
using BignumContext = std::unique_ptr<BN_CTX, Freed<BN_CTX, BN_CTX_free>>;
using PkeyContext = std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX, EVP_PKEY_CTX_free>>;
using ParamBuild = std::unique_ptr<OSSL_PARAM_BLD, Freed<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Freed<OSSL_PARAM, OSSL_PARAM_free>>;

const unsigned char* bytes_of(std::string_view text) noexcept {
  return reinterpret_cast<const unsigned char*>(text.data());
}

[[noreturn]] void out_of_memory() {
  throw std::runtime_error("OpenSSL failed to read a key");
}

Bignum bignum(std::string_view bytes) {
  Bignum number(BN_bin2bn(bytes_of(bytes), static_cast<int>(bytes.size()), nullptr));
  if (!number) out_of_memory();
  return number;
}

OrKeyFault finished(Algorithm algorithm, EVP_PKEY* key) {
  PublicKey made;
  made.algorithm = algorithm;
  made.key = std::shared_ptr<EVP_PKEY>(key, &EVP_PKEY_free);
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  if (size <= 0) out_of_memory();
  made.spki.assign(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return made;
}

EVP_PKEY* from_parameters(const char* type, OSSL_PARAM_BLD& build) {
  const Params parameters(OSSL_PARAM_BLD_to_param(&build));
  const PkeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1) {
    return nullptr;
  }
  return key;
}

// Arithmetic modulo p = 2^255 - 19.
class Field25519 {
 public:
  Field25519() : context_(BN_CTX_new()), p_(BN_new()) {
    if (!context_ || !p_ || BN_set_bit(p_.get(), 255) != 1 || BN_sub_word(p_.get(), 19) != 1) out_of_memory();
  }

  [[nodiscard]] Bignum product(const Bignum& a, const Bignum& b) const {
    Bignum out(BN_new());
    if (!out || BN_mod_mul(out.get(), a.get(), b.get(), p_.get(), context_.get()) != 1) out_of_memory();
    return out;
  }
  [[nodiscard]] Bignum power(const Bignum& a, const Bignum& exponent) const {
    Bignum out(BN_new());
    if (!out || BN_mod_exp(out.get(), a.get(), exponent.get(), p_.get(), context_.get()) != 1)
      out_of_memory();
    return out;
  }
  [[nodiscard]] Bignum sum(const Bignum& a, std::int64_t b) const {
    Bignum out(BN_dup(a.get()));
    const auto word = static_cast<BN_ULONG>(b < 0 ? -b : b);
    if (!out || (b < 0 ? BN_sub_word(out.get(), word) : BN_add_word(out.get(), word)) != 1 ||
        BN_nnmod(out.get(), out.get(), p_.get(), context_.get()) != 1) {
      out_of_memory();
    }
    return out;
  }
  [[nodiscard]] Bignum inverse(const Bignum& a) const { return power(a, sum_plain(p_, -2)); }
  [[nodiscard]] bool is_square(const Bignum& a) const {
    if (BN_is_zero(a.get())) return true;
    Bignum half = sum_plain(p_, -1);
    if (BN_rshift1(half.get(), half.get()) != 1) out_of_memory();
    return BN_is_one(power(a, half).get());
  }
  [[nodiscard]] bool is_reduced(const Bignum& a) const { return BN_cmp(a.get(), p_.get()) < 0; }
  [[nodiscard]] bool is_minus_one(const Bignum& a) const { return BN_is_zero(sum(a, 1).get()); }

 private:
  static Bignum sum_plain(const Bignum& a, int b) {
    Bignum out(BN_dup(a.get()));
    if (!out || BN_sub_word(out.get(), static_cast<BN_ULONG>(-b)) != 1) out_of_memory();
    return out;
  }

  BignumContext context_;
  Bignum p_;
};

// Whether y, the sign bit taken off, belongs to a point of the curve that is not of small order: under such a
// key one signature is good for everything. OpenSSL looks at neither before it verifies.
bool is_sound_point(const Bignum& y) {
  const Field25519 field;
  if (!field.is_reduced(y)) return false;
  if (BN_is_zero(y.get()) || BN_is_one(y.get()) || field.is_minus_one(y)) return false;  // of order 4, 1, 2
  // -x^2 + y^2 = 1 + d x^2 y^2 with d = -121665 / 121666 (RFC 8032 5.1), so x^2 = (y^2 - 1) / (d y^2 + 1).
  Bignum numerator(BN_new()), denominator(BN_new());
  if (!numerator || !denominator || BN_set_word(numerator.get(), 121665) != 1 ||
      BN_set_word(denominator.get(), 121666) != 1) {
    out_of_memory();
  }
  BN_set_negative(numerator.get(), 1);
  const Bignum d = field.product(numerator, field.inverse(denominator));
  const Bignum y2 = field.product(y, y);
  const Bignum x2 = field.product(field.sum(y2, -1), field.inverse(field.sum(field.product(d, y2), 1)));
  if (!field.is_square(x2)) return false;
  // Of order 8 are the points with x^2 = -y^2: doubled they have y = 0.
  Bignum both(BN_new());
  if (!both || BN_add(both.get(), x2.get(), y2.get()) != 1) out_of_memory();
  return !BN_is_zero(field.sum(both, 0).get());
}

}  // namespace

std::string_view text_of(KeyFault fault) noexcept {
  switch (fault) {
    case KeyFault::not_an_object:
      return "no JSON object";
    case KeyFault::malformed_member:
      return "a member is missing or malformed";
    case KeyFault::symmetric:
      return "kty oct is a secret";
    case KeyFault::unknown_type:
      return "unknown kty";
    case KeyFault::unknown_curve:
      return "unknown crv";
    case KeyFault::not_for_signatures:
      return "use is not sig";
    case KeyFault::not_for_verifying:
      return "key_ops lacks verify";
    case KeyFault::wrong_algorithm:
      return "alg is unknown or not of this key";
    case KeyFault::private_key:
      return "its private part is published";
    case KeyFault::wrong_size:
      return "a coordinate has the wrong length";
    case KeyFault::not_on_curve:
      return "the point is not on the curve";
    case KeyFault::modulus_too_short:
      return "RSA under 2048 bits";
    case KeyFault::modulus_too_long:
      return "RSA over 8192 bits";
    case KeyFault::bad_modulus:
      return "the RSA modulus is even";
    case KeyFault::bad_exponent:
      return "the RSA exponent is even, below 65537 or over 64 bits";
  }
  return "unknown";
}

OrKeyFault ed25519_key(std::string_view encoded) {
  constexpr std::size_t size = 32;
  if (encoded.size() != size) return KeyFault::wrong_size;
  std::string y(encoded.rbegin(), encoded.rend());  // RFC 8032 writes it little-endian
  y.front() = static_cast<char>(y.front() & 0x7F);
  if (!is_sound_point(bignum(y))) return KeyFault::not_on_curve;
  EVP_PKEY* key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(encoded), size);
  if (key == nullptr) return KeyFault::not_on_curve;
  return finished(Algorithm::eddsa, key);
}

OrKeyFault ec_key(Algorithm algorithm, std::string_view x, std::string_view y) {
  const bool p256 = algorithm == Algorithm::es256;
  const std::size_t size = p256 ? 32 : 66;
  if (x.size() != size || y.size() != size) return KeyFault::wrong_size;
  std::string point = "\x04";  // SEC 1 2.3.3, uncompressed
  point.append(x).append(y);
  const ParamBuild build(OSSL_PARAM_BLD_new());
  if (!build ||
      OSSL_PARAM_BLD_push_utf8_string(build.get(), OSSL_PKEY_PARAM_GROUP_NAME, p256 ? "P-256" : "P-521", 0) !=
          1 ||
      OSSL_PARAM_BLD_push_octet_string(build.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) !=
          1) {
    out_of_memory();
  }
  EVP_PKEY* key = from_parameters("EC", *build);
  if (key == nullptr) return KeyFault::not_on_curve;
  auto made = finished(algorithm, key);
  const PkeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  if (!context || EVP_PKEY_public_check(context.get()) != 1) return KeyFault::not_on_curve;
  return made;
}

OrKeyFault rsa_key(Algorithm algorithm, std::string_view modulus, std::string_view exponent) {
  constexpr std::size_t longest = 8192 / 8;
  while (modulus.starts_with('\0')) modulus.remove_prefix(1);
  while (exponent.starts_with('\0')) exponent.remove_prefix(1);
  if (modulus.size() > longest) return KeyFault::modulus_too_long;
  if (exponent.size() > 8) return KeyFault::bad_exponent;
  Bignum n = bignum(modulus), e = bignum(exponent);
  if (BN_num_bits(n.get()) < 2048) return KeyFault::modulus_too_short;
  if (BN_is_odd(n.get()) == 0) return KeyFault::bad_modulus;
  if (BN_is_odd(e.get()) == 0 || BN_get_word(e.get()) < 65537) return KeyFault::bad_exponent;
  const ParamBuild build(OSSL_PARAM_BLD_new());
  if (!build || OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1) {
    out_of_memory();
  }
  EVP_PKEY* key = from_parameters("RSA", *build);
  if (key == nullptr) return KeyFault::bad_modulus;
  return finished(algorithm, key);
}

}  // namespace postern::token
