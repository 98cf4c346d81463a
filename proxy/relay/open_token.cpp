#include "relay/open_token.hpp"

#include <utility>

namespace postern::relay {

OpenToken::OpenToken(List& among, const gate::Verdict& verdict, EndStream end_stream)
    : end_stream_(std::move(end_stream)),
      uid_(verdict.uid.view()),
      sub_(verdict.revocable.sub),
      jti_(verdict.revocable.jti),
      sid_(verdict.revocable.sid),
      issued_at_(verdict.revocable.issued_at) {
  among.push_back(*this);
}

void OpenToken::end_if_revoked(const token::RevokedList& list) {
  if (revoked_ || !list.revokes(uid_, {sub_, jti_, sid_, issued_at_})) return;
  revoked_ = true;
  end_stream_();
}

}  // namespace postern::relay
