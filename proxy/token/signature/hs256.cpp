#include "token/signature/hs256.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <stdexcept>

namespace postern::token {
namespace {

const unsigned char* bytes_of(std::string_view text) noexcept {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

void Hs256Key::Free::operator()(evp_mac_ctx_st* context) const noexcept {
  EVP_MAC_CTX_free(context);
}

Hs256Key::Hs256Key(std::string_view secret) {
  if (secret.empty()) throw std::runtime_error("an HMAC secret is empty");
  const std::unique_ptr<EVP_MAC, decltype(&EVP_MAC_free)> hmac(EVP_MAC_fetch(nullptr, "HMAC", nullptr),
                                                               &EVP_MAC_free);
  if (hmac) context_.reset(EVP_MAC_CTX_new(hmac.get()));
  char digest[] = "SHA256";
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                   OSSL_PARAM_construct_end()};
  if (!context_ || EVP_MAC_init(context_.get(), bytes_of(secret), secret.size(), parameters) != 1) {
    throw std::runtime_error("OpenSSL offers no HMAC-SHA256");
  }
}

bool Hs256Key::sign(std::string_view message, Hs256Tag& tag) noexcept {
  std::size_t size = 0;
  // Without a key EVP_MAC_init() starts over with the one set before.
  return EVP_MAC_init(context_.get(), nullptr, 0, nullptr) == 1 &&
         EVP_MAC_update(context_.get(), bytes_of(message), message.size()) == 1 &&
         EVP_MAC_final(context_.get(), tag.data(), &size, tag.size()) == 1 && size == tag.size();
}

bool Hs256Key::verify(std::string_view message, std::span<const char> tag) noexcept {
  Hs256Tag expected;
  return tag.size() == expected.size() && sign(message, expected) &&
         CRYPTO_memcmp(tag.data(), expected.data(), expected.size()) == 0;
}

}  // namespace postern::token
