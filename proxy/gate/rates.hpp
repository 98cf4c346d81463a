#pragma once
// The two rates of the gate: how often a user may ask, and how often an address may send a token that is
// worth nothing.

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "gate/answer.hpp"
#include "gate/rate_limit.hpp"
#include "gate/seen_tokens.hpp"
#include "token/keyed_hash.hpp"

namespace postern::gate {

// One for all threads, callable from any. A rate that is not given refuses nobody and counts nothing.
class Rates {
 public:
  using Address = std::array<unsigned char, 16>;  // IPv4 in its mapped form

  Rates(const token::KeyedHash& hash, const std::optional<Rate>& user,
        const std::optional<Rate>& failed_auth);

  [[nodiscard]] bool limits_failures() const noexcept { return failed_auth_.has_value(); }

  // Whether a token that this thread has not verified before may be looked at: the address has not failed too
  // often, or some thread has verified that token. `now` is of a clock that never goes back.
  [[nodiscard]] RateOutcome look_at(const Address& from, std::string_view token,
                                    std::chrono::nanoseconds now) const noexcept;
  // The token was worth nothing.
  void note_failure(const Address& from, std::chrono::nanoseconds now) noexcept;
  void note_verified(std::string_view token) noexcept;

  // One more request of the user whose uid has that hash, the one given to the constructor.
  RateOutcome take(std::uint64_t uid_hash, std::chrono::nanoseconds now) noexcept {
    return user_ ? user_->take(uid_hash, now) : RateOutcome{};
  }
  // What a 429 of take() tells.
  [[nodiscard]] const RateLimitFields& user_fields() const noexcept { return user_fields_; }

 private:
  token::KeyedHash hash_;
  std::optional<RateLimit> user_;
  std::optional<RateLimit> failed_auth_;
  std::optional<SeenTokens> seen_;
  RateLimitFields user_fields_;
};

}  // namespace postern::gate
