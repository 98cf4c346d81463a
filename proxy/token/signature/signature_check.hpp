#pragma once
// One thread's use of one public key: the contexts that OpenSSL needs for it, made once.

#include <memory>
#include <span>
#include <string_view>

#include "token/keys/public_key.hpp"

struct evp_md_ctx_st;    // EVP_MD_CTX, so that OpenSSL's headers stay out of this one
struct evp_pkey_ctx_st;  // EVP_PKEY_CTX

namespace postern::token {

class SignatureCheck {
 public:
  // Throws std::runtime_error when OpenSSL does not offer the algorithm.
  explicit SignatureCheck(const PublicKey& key);

  // Whether `signature`, as a JWS carries it (RFC 7518 3.3 to 3.5, RFC 8037 3.1), is one of `message`. Its
  // length must be the algorithm's, to the byte.
  [[nodiscard]] bool verify(std::string_view message, std::span<const char> signature) noexcept;

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const noexcept;
    void operator()(evp_pkey_ctx_st* context) const noexcept;
  };

  Algorithm algorithm_;
  std::shared_ptr<evp_pkey_st> key_;
  std::size_t signature_size_;
  std::unique_ptr<evp_md_ctx_st, Free> digest_;   // Ed25519 hashes on its own, in one go with the check
  std::unique_ptr<evp_pkey_ctx_st, Free> check_;  // null for Ed25519
};

}  // namespace postern::token
