#pragma once
// A token whose request is under way: what a revocation can name of it, so that its stream ends.

#include <boost/intrusive/list.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "gate/judge.hpp"
#include "token/revoked_list.hpp"

namespace postern::relay {

class ClientConnection;

// A member of its thread's list for as long as it lives.
class OpenToken
    : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  // Copies what the verdict shows. `connection` outlives it.
  OpenToken(ClientConnection& connection, const gate::Verdict& verdict);

  // Ends the stream, now or as soon as there is one.
  void end_if_revoked(const token::RevokedList& list) noexcept;
  [[nodiscard]] bool revoked() const noexcept { return revoked_; }

 private:
  ClientConnection& connection_;
  std::string uid_, sub_, jti_, sid_;
  std::optional<std::int64_t> issued_at_;
  bool revoked_ = false;
};

using OpenTokens = boost::intrusive::list<OpenToken, boost::intrusive::constant_time_size<false>>;

}  // namespace postern::relay
