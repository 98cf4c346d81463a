#pragma once
// Tokens that were verified a moment ago. A hit saves the signature and the claims, never a check whose
// outcome could have changed since: the whole token is compared, and times are looked at anew.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "token/verifier.hpp"

namespace postern::token {

// Bounded; one per thread and per set of keys. Refused tokens leave no trace in it.
class VerifiedTokens {
 public:
  static constexpr std::size_t sets = 4096;
  static constexpr std::size_t ways = 8;  // with half of these the fullest sets lose a tenth of 10,000 tokens
  static constexpr std::size_t max_token = 2048;      // longer ones are verified each time
  static constexpr std::size_t max_bytes = 8U << 20;  // of all that is kept

  // Where a token is kept depends on a random key, so that nobody can choose tokens that displace others.
  VerifiedTokens();
  ~VerifiedTokens();
  VerifiedTokens(const VerifiedTokens&) = delete;
  VerifiedTokens& operator=(const VerifiedTokens&) = delete;

  // What verification found out, if this very token passed at `now` or before and its expiry lies after
  // `now` - `leeway`; all in seconds, `now` since 1970. Valid until the next insert().
  [[nodiscard]] const Verification* find(std::string_view token, std::int64_t now,
                                         std::int64_t leeway) const noexcept;

  // A token that passed at `now`.
  void insert(std::string_view token, const Verification& verification, std::int64_t now);

  [[nodiscard]] std::size_t size() const noexcept { return kept_; }

 private:
  struct Entry;
  struct Forget {
    void operator()(Entry* entry) const noexcept;
  };
  // Tells most of what there is to know without a look at the entry, which is elsewhere in memory.
  struct Slot {
    std::uint32_t tag = 0;
    std::uint32_t expires_at = 0;  // clamped
    std::unique_ptr<Entry, Forget> entry;
  };
  struct alignas(64) Set {
    std::array<Slot, ways> slots;
  };
  struct Place {
    std::size_t set;
    std::uint32_t tag;
  };

  [[nodiscard]] Place place_of(std::string_view token) const noexcept;
  void release(Slot& slot) noexcept;

  std::array<std::uint64_t, 2> key_;
  std::vector<Set> sets_;  // empty until there is something to keep
  std::size_t bytes_ = 0;
  std::size_t kept_ = 0;
  std::size_t next_victim_ = 0;
  std::size_t next_to_clear_ = 0;
};

}  // namespace postern::token
