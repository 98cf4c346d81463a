#pragma once
// Tokens to order, for the tests of this folder.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "token/base64url.hpp"
#include "token/claims.hpp"
#include "token/signature/hs256.hpp"
#include "token/verifier.hpp"

namespace postern::token::sample {

inline constexpr std::int64_t now = 1767225600;
inline const std::string secret = "a shared secret of forty characters, say";
inline const std::string alice = R"({"uid":"alice","iat":1767225000,"exp":1767226500})";

inline std::string encode(std::string_view text) {
  return encode_base64url({reinterpret_cast<const unsigned char*>(text.data()), text.size()});
}

// Any header and payload, with a good signature.
inline std::string token(std::string_view header, std::string_view payload, std::string_view key = secret) {
  std::string text = encode(header) + '.' + encode(payload);
  Hs256Tag tag;
  if (!Hs256Key(key).sign(text, tag)) return {};
  return text + '.' + encode_base64url(tag);
}

// Judges a payload by the issuer and the audience of the policy.
inline TokenFault check(ClaimsReader& reader, const ClaimsPolicy& policy, std::string_view json,
                        Verification& verified) {
  if (!reader.read(json)) return TokenFault::malformed_payload;
  return reader.check({policy.issuer, policy.audience}, now, verified);
}

inline Verifier verifier(ClaimsPolicy policy = {}, std::vector<std::string> secrets = {secret}) {
  return {std::make_shared<SharedSecrets>(std::move(secrets)), std::move(policy)};
}

}  // namespace postern::token::sample
