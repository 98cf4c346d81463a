// verify_once FLIPPED: verifies one token whose signature is wrong in byte FLIPPED (-1: in none). Callgrind
// counts what that costs, and nothing else: the work is the same whichever byte it is.

#include <valgrind/callgrind.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "token/base64url.hpp"
#include "token/sign.hpp"
#include "token/verifier.hpp"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const int flipped = std::atoi(argv[1]);
  const std::string secret = "constant-time-secret-0123456789abcdef";
  const std::string good = postern::token::sign_hs256(R"({"uid":"alice","exp":4000000000})", secret);
  const std::string::size_type dot = good.rfind('.');
  std::array<char, 32> tag{};
  postern::token::decode_base64url(good.substr(dot + 1), tag);
  if (flipped >= 0) tag.at(static_cast<std::size_t>(flipped)) ^= 0x40;
  std::array<unsigned char, 32> bytes{};
  for (std::size_t i = 0; i < tag.size(); ++i) bytes[i] = static_cast<unsigned char>(tag[i]);
  const std::string token = good.substr(0, dot + 1) + postern::token::encode_base64url(bytes);

  postern::token::ClaimsPolicy policy;
  policy.max_lifetime.reset();
  postern::token::Verifier verifier(
      std::make_shared<const postern::token::SharedSecrets>(std::vector<std::string>{secret}), policy);
  // Once for what is done at first use only; with a token of its own, so that none is remembered.
  static_cast<void>(verifier.verify(good.substr(0, dot) + "A" + good.substr(dot + 1), 1'700'000'000));
  CALLGRIND_TOGGLE_COLLECT;
  const auto verification = verifier.verify(token, 1'700'000'000);
  CALLGRIND_TOGGLE_COLLECT;
  std::printf("%s\n", std::string(postern::token::text_of(verification.fault)).c_str());
  return 0;
}
