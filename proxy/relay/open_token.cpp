#include "relay/open_token.hpp"

#include "relay/client_connection.hpp"

namespace postern::relay {

OpenToken::OpenToken(ClientConnection& connection, const gate::Verdict& verdict)
    : connection_(connection),
      uid_(verdict.uid.view()),
      sub_(verdict.revocable.sub),
      jti_(verdict.revocable.jti),
      sid_(verdict.revocable.sid),
      issued_at_(verdict.revocable.issued_at) {
  connection.context.open_tokens.push_back(*this);
}

void OpenToken::end_if_revoked(const token::RevokedList& list) noexcept {
  if (revoked_ || !list.revokes(uid_, {sub_, jti_, sid_, issued_at_})) return;
  revoked_ = true;
  connection_.end_streams_now();
}

}  // namespace postern::relay
