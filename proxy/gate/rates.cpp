#include "gate/rates.hpp"

namespace postern::gate {
namespace {

// In whole seconds, rounded up: when an empty bucket is full again.
std::uint32_t seconds_to_fill(const Rate& rate) noexcept {
  const auto milliseconds = static_cast<std::uint64_t>(rate.period.count()) * rate.burst;
  const std::uint64_t per_second = 1000ULL * rate.count;
  return static_cast<std::uint32_t>((milliseconds + per_second - 1) / per_second);
}

}  // namespace

Rates::Rates(const token::KeyedHash& hash, const std::optional<Rate>& user,
             const std::optional<Rate>& failed_auth)
    : hash_(hash) {
  if (user) {
    user_.emplace(*user);
    user_fields_ = {user->burst, seconds_to_fill(*user)};
  }
  if (failed_auth) {
    failed_auth_.emplace(*failed_auth);
    seen_.emplace();
  }
}

RateOutcome Rates::look_at(const Address& from, std::string_view token,
                           std::chrono::nanoseconds now) const noexcept {
  if (!failed_auth_) return {};
  const RateOutcome outcome = failed_auth_->look(hash_(rate_key_of_address(from)), now);
  if (outcome.allowed || seen_->contains(hash_(token))) return {};
  return outcome;
}

void Rates::note_failure(const Address& from, std::chrono::nanoseconds now) noexcept {
  if (failed_auth_) failed_auth_->take(hash_(rate_key_of_address(from)), now);
}

void Rates::note_verified(std::string_view token) noexcept {
  if (seen_) seen_->note(hash_(token));
}

}  // namespace postern::gate
