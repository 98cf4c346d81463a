#include "gate/credentials.hpp"

#include <algorithm>
#include <cstddef>

#include "http/byte_class.hpp"

namespace postern::gate {
namespace {

struct AuthorizationFields {
  std::size_t count = 0;
  std::string_view value;
};

// The elements "bearer" of Sec-WebSocket-Protocol, over all its lines as of one list (RFC 9110 5.3), and what
// follows the last of them. Other spellings count, so that they are taken away, but never carry a credential.
struct BearerElements {
  std::size_t count = 0;
  bool exact = true;
  std::string_view follower;
  bool expects_follower = false;

  void read(std::string_view list) noexcept {
    for (bool more = true; more;) {
      const std::size_t end = std::min(list.find(','), list.size());
      const std::string_view element = http::without_outer_space(list.substr(0, end));
      more = end < list.size();
      if (more) list.remove_prefix(end + 1);
      if (expects_follower) follower = element;
      expects_follower = http::equal_ignoring_case(element, "bearer");
      if (!expects_follower) continue;
      ++count;
      exact = exact && element == "bearer";
    }
  }
};

void read_authorization(std::string_view value, Credentials& credentials) noexcept {
  const std::size_t scheme_size = std::min(value.find_first_of(" \t"), value.size());
  if (!http::equal_ignoring_case(value.substr(0, scheme_size), "Bearer")) {
    credentials.fault = CredentialFault::other_scheme;
    return;
  }
  const std::string_view rest = value.substr(scheme_size);
  if (!rest.starts_with(' ') || rest.size() == 1) {
    credentials.fault = CredentialFault::malformed;
    return;
  }
  credentials.fault = CredentialFault::none;
  credentials.token = rest.substr(1);
}

void read_bearer_subprotocol(const BearerElements& bearer, Credentials& credentials) noexcept {
  if (bearer.count != 1 || !bearer.exact || bearer.follower.empty()) {
    credentials.fault = CredentialFault::malformed;
    return;
  }
  credentials.fault = CredentialFault::none;
  credentials.token = bearer.follower;
}

}  // namespace

bool is_b64token(std::string_view text) noexcept {
  while (text.ends_with('=')) text.remove_suffix(1);
  // Looked at to the end, and ranges that exclude each other joined by ^, so that GCC takes 16 bytes at once:
  // nearly all texts are tokens. In ASCII "-", ".", "/" and the digits are one range.
  unsigned char outside = 0;
  for (const char character : text) {
    const auto code = static_cast<unsigned char>(character);
    const auto folded = static_cast<unsigned char>(code | 0x20U);
    const bool inside = (code >= '-' && code <= '9') ^ (folded >= 'a' && folded <= 'z') ^ (code == '+') ^
                        (code == '_') ^ (code == '~');
    outside = static_cast<unsigned char>(outside | !inside);
  }
  return outside == 0 && !text.empty();
}

std::string_view text_of(CredentialFault fault) noexcept {
  switch (fault) {
    case CredentialFault::none:
      return "none";
    case CredentialFault::missing:
      return "no credentials";
    case CredentialFault::duplicate:
      return "duplicate authorization";
    case CredentialFault::other_scheme:
      return "other scheme";
    case CredentialFault::malformed:
      return "malformed credentials";
  }
  return "unknown";
}

Credentials locate_credentials(const http::RequestHead& head, WebSocketToken websocket_token) noexcept {
  AuthorizationFields authorization;
  BearerElements bearer;
  for (const http::Field& field : head.fields) {
    if (field.known == http::FieldName::authorization) {
      ++authorization.count;
      authorization.value = field.value;
    } else if (websocket_token == WebSocketToken::subprotocol &&
               field.known == http::FieldName::sec_websocket_protocol) {
      bearer.read(field.value);
    }
  }
  Credentials credentials;
  credentials.bearer_subprotocol = bearer.count > 0;
  const bool offered = head.websocket_upgrade && bearer.count > 0;
  if (authorization.count + (offered ? 1 : 0) > 1) {
    credentials.fault = CredentialFault::duplicate;
  } else if (authorization.count == 1) {
    read_authorization(authorization.value, credentials);
  } else if (offered) {
    read_bearer_subprotocol(bearer, credentials);
  }
  return credentials;
}

Credentials find_credentials(const http::RequestHead& head, WebSocketToken websocket_token) noexcept {
  Credentials credentials = locate_credentials(head, websocket_token);
  if (credentials.fault == CredentialFault::none && !is_b64token(credentials.token)) {
    credentials.fault = CredentialFault::malformed;
    credentials.token = {};
  }
  return credentials;
}

}  // namespace postern::gate
