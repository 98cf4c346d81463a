// Nobody forges a token, and no signed payload, however odd, breaks the reader of claims. No text breaks the
// reader of key sets or that of the revoked list, and no key set lets raw bytes pass for a token.

#include <openssl/evp.h>

#include <memory>
#include <string>
#include <variant>

#include "require.hpp"
#include "token/base64url.hpp"
#include "token/keys/jwk_set.hpp"
#include "token/sign.hpp"
#include "token/verifier.hpp"

using namespace postern;
using fuzz::require;

namespace {

const std::string secret = "fuzzing-secret-0123456789abcdef-0123";
constexpr std::int64_t now = 1'767'225'600;

// Ed25519 of a fixed seed.
EVP_PKEY* signing_key() {
  static EVP_PKEY* const key = [] {
    const std::string seed(32, 's');
    return EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr,
                                        reinterpret_cast<const unsigned char*>(seed.data()), seed.size());
  }();
  return key;
}

token::PublicKey public_key() {
  std::string bytes(32, '\0');
  std::size_t size = bytes.size();
  EVP_PKEY_get_raw_public_key(signing_key(), reinterpret_cast<unsigned char*>(bytes.data()), &size);
  auto key = std::get<token::PublicKey>(token::ed25519_key(bytes));
  key.kid = "k";
  return key;
}

std::string sign(std::string_view header, std::string_view payload) {
  const auto encode = [](std::string_view text) {
    return token::encode_base64url({reinterpret_cast<const unsigned char*>(text.data()), text.size()});
  };
  std::string text = encode(header) + '.' + encode(payload);
  std::string signature(64, '\0');
  std::size_t size = signature.size();
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  EVP_DigestSignInit(context, nullptr, nullptr, nullptr, signing_key());
  EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &size,
                 reinterpret_cast<const unsigned char*>(text.data()), text.size());
  EVP_MD_CTX_free(context);
  return text + '.' + encode(signature);
}

std::shared_ptr<const token::Keys> keys() {
  token::KeySet set{std::nullopt, "api", true, token::KeySet::State::usable, {public_key()}};
  auto out = std::make_shared<token::Keys>();
  out->secrets = std::make_shared<const token::SharedSecrets>(std::vector<std::string>{secret});
  out->sets.push_back(std::make_shared<const token::KeySet>(std::move(set)));
  out->revoked = std::make_shared<const token::RevokedList>(
      std::get<token::RevokedList>(token::RevokedList::parse("sub bob before 1767225000\njti x\n")));
  return out;
}

token::Verifier& verifier() {
  static token::Verifier one = [] {
    token::ClaimsPolicy policy;
    policy.kept_claims = {"role", "scope", "n"};
    return token::Verifier(keys(), policy);
  }();
  return one;
}

void check(const token::Verification& verification) {
  if (verification.fault != token::TokenFault::none) {
    require(verification.uid.empty(), "a refused token names nobody");
    require(!token::text_of(verification.fault).empty(), "a refusal has a reason");
    require(verification.claims.empty(), "and leaves no claims");
    return;
  }
  require(!verification.uid.empty(), "an accepted token names somebody");
  require(verification.expires_at + 30 >= now, "an accepted token is not over");
  require(verification.claims.size() == 3, "each kept claim has a value");
  for (const char c : verification.uid.view()) require(c >= 0x21 && c <= 0x7E, "a uid is visible ASCII");
}

// From memory it is what it was.
void check_twice(const std::string& token) {
  const auto first = verifier().verify(token, now);
  check(first);
  std::string roles;
  for (const auto& claim : first.claims) {
    roles += claim.text;
    for (const auto& element : claim.list) roles += element.text;
  }
  const auto second = verifier().verify(token, now);
  check(second);
  require(first.fault == second.fault && first.uid.view() == second.uid.view(),
          "a second look sees the same");
  for (const auto& claim : second.claims) {
    require(roles.starts_with(claim.text), "in the claims too");
    roles.erase(0, claim.text.size());
    for (const auto& element : claim.list) {
      require(roles.starts_with(element.text), "and in their lists");
      roles.erase(0, element.text.size());
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  require(verifier().verify(text, now).fault != token::TokenFault::none, "raw bytes are no token");
  check_twice(token::sign_hs256(text, secret));
  check_twice(sign(R"({"alg":"EdDSA","kid":"k"})", text));
  check(verifier().verify(sign(text, R"({"sub":"alice","aud":"api","exp":1767226500})"), now));
  const auto read = token::read_jwk_set(text);
  if (const auto* set = std::get_if<token::JwkSet>(&read)) require(!set->keys.empty(), "a set has a key");
  const auto list = token::RevokedList::parse(std::string(text));
  if (const auto* problem = std::get_if<std::string>(&list))
    require(!problem->empty(), "a spoilt list says why");
  return 0;
}
