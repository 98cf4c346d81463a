#pragma once
// A token whose request is under way: what a revocation can name of it, so that its stream ends.

#include <boost/intrusive/list.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "gate/judge.hpp"
#include "token/revoked_list.hpp"

namespace postern::relay {

using OpenTokenHook =
    boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

// A member of its thread's list for as long as it lives.
class OpenToken : public OpenTokenHook {
 public:
  // One thread's.
  using List = boost::intrusive::list<OpenToken, boost::intrusive::base_hook<OpenTokenHook>,
                                      boost::intrusive::constant_time_size<false>>;
  using EndStream = std::function<void()>;

  // Copies what the verdict shows. `end_stream` ends the stream, now or as soon as there is one.
  OpenToken(List& among, const gate::Verdict& verdict, EndStream end_stream);

  void end_if_revoked(const token::RevokedList& list);
  [[nodiscard]] bool revoked() const noexcept { return revoked_; }

 private:
  EndStream end_stream_;
  std::string uid_, sub_, jti_, sid_;
  std::optional<std::int64_t> issued_at_;
  bool revoked_ = false;
};

}  // namespace postern::relay
