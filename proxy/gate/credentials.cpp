#include "gate/credentials.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include "http/characters.hpp"

namespace postern::gate {
namespace {

constexpr auto b64token_characters = [] {
  std::array<bool, 256> table{};
  for (const char character :
       std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/")) {
    table[static_cast<unsigned char>(character)] = true;
  }
  return table;
}();

// 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"=" (RFC 6750 2.1)
bool is_b64token(std::string_view text) noexcept {
  while (text.ends_with('=')) text.remove_suffix(1);
  // Without a branch per character: nearly all texts are tokens.
  bool all = !text.empty();
  for (const char character : text) all &= b64token_characters[static_cast<unsigned char>(character)];
  return all;
}

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
  if (!rest.starts_with(' ') || !is_b64token(rest.substr(1))) {
    credentials.fault = CredentialFault::malformed;
    return;
  }
  credentials.fault = CredentialFault::none;
  credentials.token = rest.substr(1);
}

void read_bearer_subprotocol(const BearerElements& bearer, Credentials& credentials) noexcept {
  if (bearer.count != 1 || !bearer.exact || !is_b64token(bearer.follower)) {
    credentials.fault = CredentialFault::malformed;
    return;
  }
  credentials.fault = CredentialFault::none;
  credentials.token = bearer.follower;
}

}  // namespace

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

Credentials find_credentials(const http::RequestHead& head, WebSocketToken websocket_token) noexcept {
  AuthorizationFields authorization;
  BearerElements bearer;
  for (const http::Field& field : head.fields) {
    if (http::equal_ignoring_case(field.name, "Authorization")) {
      ++authorization.count;
      authorization.value = field.value;
    } else if (websocket_token == WebSocketToken::subprotocol &&
               http::equal_ignoring_case(field.name, "Sec-WebSocket-Protocol")) {
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

}  // namespace postern::gate
