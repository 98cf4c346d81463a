#include "token/sign.hpp"

#include <stdexcept>

#include "token/base64url.hpp"
#include "token/header.hpp"
#include "token/signature/hs256.hpp"

namespace postern::token {

std::string sign_hs256(std::string_view payload, std::string_view secret) {
  std::string token(usual_header);
  token += '.';
  token += encode_base64url({reinterpret_cast<const unsigned char*>(payload.data()), payload.size()});
  Hs256Tag tag;
  if (!Hs256Key(secret).sign(token, tag)) throw std::runtime_error("OpenSSL failed to sign");
  token += '.';
  token += encode_base64url(tag);
  return token;
}

}  // namespace postern::token
