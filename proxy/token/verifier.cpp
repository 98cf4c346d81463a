#include "token/verifier.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "token/base64url.hpp"
#include "token/claims.hpp"
#include "token/header.hpp"
#include "token/hs256.hpp"
#include "token/verified_tokens.hpp"

namespace postern::token {
namespace {

// Views of a token in the compact serialization, RFC 7515 7.1.
struct CompactJws {
  std::string_view header, payload, signature;
  std::string_view signing_input;  // header.payload
};

// Nothing unless there are three parts, none of them empty: an unsigned token ends at its last dot.
std::optional<CompactJws> split(std::string_view token) noexcept {
  const std::size_t first = token.find('.');
  if (first == token.npos) return std::nullopt;
  const std::size_t second = token.find('.', first + 1);
  if (second == token.npos || token.find('.', second + 1) != token.npos) return std::nullopt;
  const CompactJws jws{token.substr(0, first), token.substr(first + 1, second - first - 1),
                       token.substr(second + 1), token.substr(0, second)};
  if (jws.header.empty() || jws.payload.empty() || jws.signature.empty()) return std::nullopt;
  return jws;
}

// Decodes into the front of `space` and takes that front from it.
bool decode(std::string_view text, std::span<char>& space, std::span<const char>& decoded) noexcept {
  const auto size = decode_base64url(text, space);
  if (!size) return false;
  decoded = space.first(*size);
  space = space.subspan(*size);
  return true;
}

std::string_view text_in(std::span<const char> bytes) noexcept {
  return {bytes.data(), bytes.size()};
}

}  // namespace

SharedSecrets::SharedSecrets(std::vector<std::string> secrets) : secrets_(std::move(secrets)) {}

SharedSecrets::~SharedSecrets() {
  for (std::string& secret : secrets_) OPENSSL_cleanse(secret.data(), secret.size());
}

struct Verifier::State {
  State(const SharedSecrets* secrets, ClaimsPolicy policy)
      : leeway(policy.leeway), claims(std::move(policy)) {
    if (secrets == nullptr) return;
    for (const std::string& secret : secrets->all()) keys.emplace_back(secret);
  }

  TokenFault check(std::string_view token, std::int64_t now, Verification& verified);

  bool is_signed(const CompactJws& jws, std::span<const char> signature) noexcept {
    return std::ranges::any_of(keys, [&](Hs256Key& key) { return key.verify(jws.signing_input, signature); });
  }

  const std::int64_t leeway;
  std::vector<Hs256Key> keys;
  VerifiedTokens verified_tokens;
  HeaderReader header_reader;
  ClaimsReader claims;
  std::array<char, decoded_size(max_token_bytes)> decoded;  // all parts of the token at hand
};

TokenFault Verifier::State::check(std::string_view token, std::int64_t now, Verification& verified) {
  if (token.size() > max_token_bytes) return TokenFault::too_large;
  const auto jws = split(token);
  if (!jws) return TokenFault::not_three_parts;

  std::span<char> space = decoded;
  std::span<const char> header, payload, signature;
  if (!decode(jws->header, space, header) || !decode(jws->payload, space, payload) ||
      !decode(jws->signature, space, signature)) {
    return TokenFault::malformed_base64url;
  }
  if (jws->header != usual_header) {
    const auto fault = header_reader.check(text_in(header));
    if (fault != TokenFault::none) return fault;
  }
  if (!is_signed(*jws, signature)) return TokenFault::bad_signature;
  return claims.check(text_in(payload), now, verified);
}

Verifier::Verifier(const std::shared_ptr<const SharedSecrets>& secrets, ClaimsPolicy policy)
    : state_(std::make_unique<State>(secrets.get(), std::move(policy))) {}
Verifier::~Verifier() = default;
Verifier::Verifier(Verifier&&) noexcept = default;
Verifier& Verifier::operator=(Verifier&&) noexcept = default;

Verification Verifier::verify(std::string_view token, std::int64_t now) {
  Verification verification;
  if (recall(token, now, verification)) return verification;
  return verify_anew(token, now);
}

bool Verifier::recall(std::string_view token, std::int64_t now, Verification& verification) const {
  const Verification* const known = state_->verified_tokens.find(token, now, state_->leeway);
  if (known == nullptr) return false;
  verification = *known;
  return true;
}

Verification Verifier::verify_anew(std::string_view token, std::int64_t now) {
  Verification verification;
  verification.fault = state_->check(token, now, verification);
  if (verification.fault == TokenFault::none) state_->verified_tokens.insert(token, verification, now);
  return verification;
}

std::size_t Verifier::remembered() const noexcept {
  return state_->verified_tokens.size();
}

}  // namespace postern::token
