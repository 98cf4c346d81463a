#pragma once
// A JWS in the compact serialization (RFC 7515 7.1): three parts of strict base64url.

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include "token/base64url.hpp"
#include "token/fault.hpp"

namespace postern::token {

inline constexpr std::size_t max_token_bytes = 8192;

// Decodes into memory of its own, so it is one per verifier. The views live until the next read() and as long
// as the token.
class CompactJws {
 public:
  // too_large, not_three_parts (none of them may be empty: an unsigned token ends at its last dot) or
  // malformed_base64url.
  TokenFault read(std::string_view token) noexcept;

  [[nodiscard]] std::string_view encoded_header() const noexcept { return encoded_header_; }
  [[nodiscard]] std::string_view signing_input() const noexcept { return signing_input_; }
  [[nodiscard]] std::string_view header() const noexcept { return {header_.data(), header_.size()}; }
  [[nodiscard]] std::string_view payload() const noexcept { return {payload_.data(), payload_.size()}; }
  [[nodiscard]] std::span<const char> signature() const noexcept { return signature_; }

 private:
  std::string_view encoded_header_, signing_input_;
  std::span<const char> header_, payload_, signature_;
  std::array<char, decoded_size(max_token_bytes)> decoded_;
};

}  // namespace postern::token
