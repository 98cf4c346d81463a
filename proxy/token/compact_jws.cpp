#include "token/compact_jws.hpp"

namespace postern::token {
namespace {

// Decodes into the front of `space` and takes that front from it.
bool decode(std::string_view text, std::span<char>& space, std::span<const char>& decoded) noexcept {
  const auto size = decode_base64url(text, space);
  if (!size) return false;
  decoded = space.first(*size);
  space = space.subspan(*size);
  return true;
}

}  // namespace

TokenFault CompactJws::read(std::string_view token) noexcept {
  if (token.size() > max_token_bytes) return TokenFault::too_large;
  const std::size_t first = token.find('.');
  if (first == token.npos) return TokenFault::not_three_parts;
  const std::size_t second = token.find('.', first + 1);
  if (second == token.npos || token.find('.', second + 1) != token.npos) return TokenFault::not_three_parts;
  encoded_header_ = token.substr(0, first);
  signing_input_ = token.substr(0, second);
  const auto payload = token.substr(first + 1, second - first - 1), signature = token.substr(second + 1);
  if (encoded_header_.empty() || payload.empty() || signature.empty()) return TokenFault::not_three_parts;

  std::span<char> space = decoded_;
  const bool strict = decode(encoded_header_, space, header_) && decode(payload, space, payload_) &&
                      decode(signature, space, signature_);
  return strict ? TokenFault::none : TokenFault::malformed_base64url;
}

}  // namespace postern::token
