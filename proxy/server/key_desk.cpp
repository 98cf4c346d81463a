#include "server/key_desk.hpp"

#include <utility>

namespace postern::server {
namespace {

relay::KeyAnswer answer_of(keys::WantedKey wanted) noexcept {
  using enum relay::KeyAnswer::Outcome;
  switch (wanted.outcome) {
    case keys::WantedKey::Outcome::fetched:
      return {fetched, wanted.fetch};
    case keys::WantedKey::Outcome::older:
      return {older, wanted.fetch};
    case keys::WantedKey::Outcome::refused:
      break;
  }
  return {refused, wanted.fetch};
}

}  // namespace

// Snapshots are posted to the workers in the same way, so that an answer never overtakes what it tells of.
void KeyDesk::want(relay::KeyWish wish, const transport::Executor& executor, Done done) {
  transport::asio::post(main_, [this, wish = std::move(wish), executor, back = std::move(done)]() mutable {
    sets_.want(wish.set, wish.judged_by, wish.earlier,
               [executor, back = std::move(back)](keys::WantedKey wanted) {
                 transport::asio::post(executor, [back, wanted] { back(answer_of(wanted)); });
               });
  });
}

}  // namespace postern::server
