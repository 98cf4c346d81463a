#include "gate/identity_signer.hpp"

#include <stdexcept>

#include "token/base64url.hpp"

namespace postern::gate {

std::string_view IdentitySigner::sign(const SignedRequest& request, std::int64_t unix_seconds) {
  std::string_view target = request.target;
  if (target.ends_with('?') && target.find('?') == target.size() - 1) target.remove_suffix(1);
  const std::string seconds = std::to_string(unix_seconds);
  message_.assign("postern-identity-v1\n").append(seconds).append("\n");
  message_.append(request.uid).append("\n").append(request.method).append("\n");
  message_.append(target).append("\n").append(request.request_id);
  token::Hs256Tag tag;
  if (!key_.sign(message_, tag)) throw std::runtime_error("OpenSSL failed to sign the identity");
  value_.assign("v1.").append(seconds).append(".").append(token::encode_base64url(tag));
  return value_;
}

}  // namespace postern::gate
