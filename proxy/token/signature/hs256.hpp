#pragma once
// HMAC-SHA256 (RFC 2104, RFC 7518 3.2) with one key.

#include <array>
#include <memory>
#include <span>
#include <string_view>

struct evp_mac_ctx_st;  // EVP_MAC_CTX, so that OpenSSL's headers stay out of this one

namespace postern::token {

using Hs256Tag = std::array<unsigned char, 32>;

// Keyed once; a message then costs no key schedule and no allocation. The key's copy in it is wiped when
// destroyed.
class Hs256Key {
 public:
  // The bytes of `secret` are the key. Throws std::runtime_error when it is empty or OpenSSL has no
  // HMAC-SHA256.
  explicit Hs256Key(std::string_view secret);

  // False when OpenSSL fails; `tag` is then not to be used.
  [[nodiscard]] bool sign(std::string_view message, Hs256Tag& tag) noexcept;

  // In time that does not depend on where `tag` goes wrong.
  [[nodiscard]] bool verify(std::string_view message, std::span<const char> tag) noexcept;

 private:
  struct Free {
    void operator()(evp_mac_ctx_st* context) const noexcept;
  };
  std::unique_ptr<evp_mac_ctx_st, Free> context_;
};

}  // namespace postern::token
