#include "token/signature/ecdsa_signature.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "signing.hpp"
#include "token/signature/signature_check.hpp"

using namespace postern::token;

namespace {

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

std::string der_of(Algorithm algorithm, const std::string& signature) {
  DerSignature out;
  const auto der = to_der(algorithm, signature, out);
  return {der.begin(), der.end()};
}

const std::string order_p256 = from_hex("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551");
const std::string order_p521 = '\1' + std::string(32, '\xFF') +
                               from_hex("FA51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409");

// `value` as the last byte of a number of that size.
std::string small(std::size_t size, char value) {
  return std::string(size - 1, '\0') + value;
}

std::string less_one(std::string number) {
  number.back() = static_cast<char>(number.back() - 1);
  return number;
}

}  // namespace

TEST_CASE("r and s become the shortest integers that are not negative (X.690 8.3)") {
  CHECK(der_of(Algorithm::es256, small(32, 1) + small(32, 2)) == from_hex("3006020101020102"));
  CHECK(der_of(Algorithm::es256, small(32, '\x7F') + small(32, '\x80')) == from_hex("300702017f02020080"));
  CHECK(der_of(Algorithm::es512, small(66, 1) + small(66, 2)) == from_hex("3006020101020102"));
  // The longest: 0x30 and a length of two bytes.
  const std::string longest = der_of(Algorithm::es512, less_one(order_p521) + less_one(order_p521));
  CHECK(longest.size() == 139);
  CHECK(longest.substr(0, 3) == from_hex("308188"));
  const std::string longest256 = der_of(Algorithm::es256, less_one(order_p256) + less_one(order_p256));
  CHECK(longest256.size() == 72);
  CHECK(longest256.substr(0, 5) == from_hex("3046022100"));
}

TEST_CASE("r and s lie between 1 and the order minus 1") {
  struct Curve {
    Algorithm algorithm;
    std::string order;
  };
  for (const auto& [algorithm, order] :
       {Curve{Algorithm::es256, order_p256}, Curve{Algorithm::es512, order_p521}}) {
    const std::size_t size = order.size();
    const std::string one = small(size, 1), zero(size, '\0'), all(size, '\xFF');
    std::string above = order;
    above.back() = static_cast<char>(above.back() + 1);
    for (const std::string& bad : {zero, order, above, all}) {
      CHECK(der_of(algorithm, bad + one).empty());
      CHECK(der_of(algorithm, one + bad).empty());
      CHECK(der_of(algorithm, bad + bad).empty());
    }
    CHECK_FALSE(der_of(algorithm, one + one).empty());
    CHECK_FALSE(der_of(algorithm, less_one(order) + less_one(order)).empty());
  }
}

TEST_CASE("the length is the algorithm's to the byte") {
  for (const std::size_t size : {0U, 1U, 63U, 65U, 96U, 128U, 131U, 133U, 200U}) {
    CHECK(der_of(Algorithm::es256, std::string(size, '\x01')).empty());
    CHECK(der_of(Algorithm::es512, std::string(size, '\x01')).empty());
  }
  CHECK(ecdsa_signature_size(Algorithm::es256) == 64);
  CHECK(ecdsa_signature_size(Algorithm::es512) == 132);
}

TEST_CASE("an ASN.1 signature in a JWS is none") {
  const sample::SigningKey key(Algorithm::es256, "");
  SignatureCheck check(sample::public_key(key));
  const std::string signature = key.sign("message");
  REQUIRE(check.verify("message", signature));
  CHECK_FALSE(check.verify("message", der_of(Algorithm::es256, signature)));
}
