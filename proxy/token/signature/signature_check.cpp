#include "token/signature/signature_check.hpp"

#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <array>
#include <stdexcept>

#include "token/signature/ecdsa_signature.hpp"

namespace postern::token {
namespace {

const unsigned char* bytes_of(std::span<const char> bytes) noexcept {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

const EVP_MD* digest_of(Algorithm algorithm) noexcept {
  return algorithm == Algorithm::es512 ? EVP_sha512() : EVP_sha256();
}

bool use_padding(EVP_PKEY_CTX* context, Algorithm algorithm) noexcept {
  if (algorithm == Algorithm::rs256) return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1;
  if (algorithm != Algorithm::ps256) return true;
  // RFC 7518 3.5: the same hash for MGF1, and a salt as long as it.
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_mgf1_md(context, EVP_sha256()) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
}

std::size_t signature_size(Algorithm algorithm, const EVP_PKEY* key) noexcept {
  if (algorithm == Algorithm::eddsa) return 64;
  if (algorithm == Algorithm::es256 || algorithm == Algorithm::es512) return ecdsa_signature_size(algorithm);
  return static_cast<std::size_t>(EVP_PKEY_get_size(key));
}

}  // namespace

void SignatureCheck::Free::operator()(evp_md_ctx_st* context) const noexcept {
  EVP_MD_CTX_free(context);
}

void SignatureCheck::Free::operator()(evp_pkey_ctx_st* context) const noexcept {
  EVP_PKEY_CTX_free(context);
}

SignatureCheck::SignatureCheck(const PublicKey& key)
    : algorithm_(key.algorithm),
      key_(key.key),
      signature_size_(signature_size(algorithm_, key_.get())),
      digest_(EVP_MD_CTX_new()) {
  bool ready = digest_ != nullptr;
  if (algorithm_ == Algorithm::eddsa) {
    ready = ready && EVP_DigestVerifyInit(digest_.get(), nullptr, nullptr, nullptr, key_.get()) == 1;
  } else {
    check_.reset(EVP_PKEY_CTX_new_from_pkey(nullptr, key_.get(), nullptr));
    ready = ready && check_ && EVP_PKEY_verify_init(check_.get()) == 1 &&
            EVP_PKEY_CTX_set_signature_md(check_.get(), digest_of(algorithm_)) == 1 &&
            use_padding(check_.get(), algorithm_);
  }
  if (!ready) throw std::runtime_error("OpenSSL does not offer a key's algorithm");
}

bool SignatureCheck::verify(std::string_view message, std::span<const char> signature) noexcept {
  if (signature.size() != signature_size_) return false;
  if (algorithm_ == Algorithm::eddsa) {
    // Anew each time: OpenSSL 3.5 takes a context that has verified for finished.
    return EVP_DigestVerifyInit(digest_.get(), nullptr, nullptr, nullptr, key_.get()) == 1 &&
           EVP_DigestVerify(digest_.get(), bytes_of(signature), signature.size(), bytes_of(message),
                            message.size()) == 1;
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash;
  unsigned hash_size = 0;
  if (EVP_DigestInit_ex(digest_.get(), digest_of(algorithm_), nullptr) != 1 ||
      EVP_DigestUpdate(digest_.get(), message.data(), message.size()) != 1 ||
      EVP_DigestFinal_ex(digest_.get(), hash.data(), &hash_size) != 1) {
    return false;
  }
  DerSignature der;
  std::span<const unsigned char> checked(bytes_of(signature), signature.size());
  if (algorithm_ == Algorithm::es256 || algorithm_ == Algorithm::es512) {
    checked = to_der(algorithm_, signature, der);
    if (checked.empty()) return false;
  }
  return EVP_PKEY_verify(check_.get(), checked.data(), checked.size(), hash.data(), hash_size) == 1;
}

}  // namespace postern::token
