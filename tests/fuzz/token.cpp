// Nobody forges a token, and no signed payload, however odd, breaks the reader of claims.

#include <memory>
#include <string>

#include "require.hpp"
#include "token/verifier.hpp"

using namespace postern;
using fuzz::require;

namespace {

const std::string secret = "fuzzing-secret-0123456789abcdef-0123";
constexpr std::int64_t now = 1'767'225'600;

token::Verifier& verifier() {
  static token::Verifier one(std::make_shared<const token::SharedSecrets>(std::vector<std::string>{secret}),
                             {});
  return one;
}

void check(const token::Verification& verification) {
  if (verification.fault != token::TokenFault::none) {
    require(verification.uid.empty(), "a refused token names nobody");
    require(!token::text_of(verification.fault).empty(), "a refusal has a reason");
    return;
  }
  require(!verification.uid.empty(), "an accepted token names somebody");
  require(verification.expires_at + 30 >= now, "an accepted token is not over");
  for (const char c : verification.uid.view()) require(c >= 0x21 && c <= 0x7E, "a uid is visible ASCII");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  require(verifier().verify(text, now).fault != token::TokenFault::none, "raw bytes are no token");
  check(verifier().verify(token::sign_hs256(text, secret), now));
  return 0;
}
