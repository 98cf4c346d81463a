#pragma once
// A public key that verifies tokens, bound to one algorithm. Immutable and cheap to copy; shared by threads.

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "token/signature/algorithm.hpp"

struct evp_pkey_st;  // EVP_PKEY, so that OpenSSL's headers stay out of this one

namespace postern::token {

// Why a key of a set is not used.
enum class KeyFault : std::uint8_t {
  not_an_object,
  malformed_member,    // a member is missing, is of another kind, or no strict base64url
  symmetric,           // oct: a secret in a public set
  unknown_type,        // kty
  unknown_curve,       // crv
  not_for_signatures,  // use is not sig
  not_for_verifying,   // key_ops lacks verify
  wrong_algorithm,     // alg contradicts the key, or is none of ours
  private_key,         // its private part was published
  wrong_size,          // a coordinate is not as long as its curve's
  not_on_curve,        // or in a subgroup where anybody can sign
  modulus_too_short,   // RSA under 2048 bits (RFC 7518 3.3)
  modulus_too_long,    // RSA over 8192 bits
  bad_modulus,         // even
  bad_exponent,        // RSA: even, below 65537 or over 64 bits
};
std::string_view text_of(KeyFault fault) noexcept;

struct PublicKey {
  Algorithm algorithm = Algorithm::eddsa;
  std::optional<std::string> kid;
  std::shared_ptr<evp_pkey_st> key;
  std::string spki;  // SubjectPublicKeyInfo in DER: what the key is, to compare keys by

  friend bool operator==(const PublicKey& a, const PublicKey& b) noexcept {
    return a.algorithm == b.algorithm && a.kid == b.kid && a.spki == b.spki;
  }
};

// The key, without a kid, or why it is none. All numbers are big-endian bytes.
using OrKeyFault = std::variant<PublicKey, KeyFault>;

// RFC 8032 5.1.5: 32 bytes that decode to a point of large order.
OrKeyFault ed25519_key(std::string_view encoded);

// es256 (P-256) or es512 (P-521); coordinates of the curve's full length (RFC 7518 6.2.1.2).
OrKeyFault ec_key(Algorithm algorithm, std::string_view x, std::string_view y);

// rs256 or ps256.
OrKeyFault rsa_key(Algorithm algorithm, std::string_view modulus, std::string_view exponent);

}  // namespace postern::token
