#include "gate/identity_signer.hpp"

#include <algorithm>
#include <stdexcept>

#include "token/base64url.hpp"

namespace postern::gate {
namespace {

constexpr char lower(char letter) noexcept {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

// "Name: value CRLF" as "LF name:value".
void append_claim_lines(std::string& message, std::string_view fields) {
  while (!fields.empty()) {
    const std::size_t end = std::min(fields.find("\r\n"), fields.size());
    const std::string_view line = fields.substr(0, end);
    const std::size_t colon = std::min(line.find(": "), line.size());
    message.push_back('\n');
    for (const char letter : line.substr(0, colon)) message.push_back(lower(letter));
    message.push_back(':');
    message.append(line.substr(std::min(colon + 2, line.size())));
    fields.remove_prefix(std::min(end + 2, fields.size()));
  }
}

}  // namespace

std::string_view IdentitySigner::sign(const SignedRequest& request, std::int64_t unix_seconds) {
  std::string_view target = request.target;
  if (target.ends_with('?') && target.find('?') == target.size() - 1) target.remove_suffix(1);
  const std::string seconds = std::to_string(unix_seconds);
  const std::string_view version = version_ == IdentityVersion::v1 ? "v1" : "v2";
  message_.assign("postern-identity-").append(version).append("\n").append(seconds).append("\n");
  message_.append(request.uid).append("\n").append(request.method).append("\n");
  message_.append(target).append("\n").append(request.request_id);
  if (version_ == IdentityVersion::v2) {
    message_.append(request.overridden ? "\ntrue" : "\n");
    append_claim_lines(message_, request.claim_fields);
  }
  token::Hs256Tag tag;
  if (!key_.sign(message_, tag)) throw std::runtime_error("OpenSSL failed to sign the identity");
  value_.assign(version).append(".").append(seconds).append(".").append(token::encode_base64url(tag));
  return value_;
}

}  // namespace postern::gate
