#pragma once
// Tokens that were verified a moment ago. A hit saves the signature and the claims, never a check whose
// outcome could have changed since: the whole token is compared, and times are looked at anew.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "token/keyed_hash.hpp"
#include "token/keys/key_ring.hpp"
#include "token/verification.hpp"

namespace postern::token {

// What is known of a verified token beside its verification.
struct KnownToken {
  std::string_view thumbprint;  // of the certificate that it is bound to; empty: to none
  KeyNumber key = 0;            // that verified it
  std::uint32_t unrevoked = 0;  // the caller's number of the last revoked list that does not hold it
};

// Bounded; one per thread. Refused tokens leave no trace in it.
class VerifiedTokens {
 public:
  static constexpr std::size_t ways = 8;  // with half of these the fullest sets lose a tenth of 10,000 tokens
  static constexpr std::size_t max_token = 2048;   // longer ones are verified each time
  static constexpr std::size_t max_claims = 2048;  // bytes of what is kept of the claims; likewise
  static constexpr std::size_t default_bytes = 8U << 20;

  // Keeps at most `max_bytes`; 0: nothing. Where a token is kept depends on the key of `hash`, so that nobody
  // can choose tokens that displace others.
  explicit VerifiedTokens(std::size_t max_bytes = default_bytes, const KeyedHash& hash = KeyedHash::random());
  ~VerifiedTokens();
  VerifiedTokens(const VerifiedTokens&) = delete;
  VerifiedTokens& operator=(const VerifiedTokens&) = delete;

  // Whether this very token passed at `now` or before and its expiry lies after `now` - `leeway`; all in
  // seconds, `now` since 1970. Sets what was found out then; its views are valid until the next insert() or
  // keep().
  [[nodiscard]] bool find(std::string_view token, std::int64_t now, std::int64_t leeway,
                          Verification& verification, KnownToken& known) noexcept;
  // Of the token that was found last, before any other call.
  void note_unrevoked(std::uint32_t list) noexcept;

  // A token that passed at `now`: `verification` has no fault. All that the views show is copied.
  void insert(std::string_view token, const Verification& verification, const KnownToken& known,
              std::int64_t now);

  // Forgets the tokens of all keys but these, which are in ascending order.
  void keep(std::span<const KeyNumber> live) noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return kept_; }
  // How many there is room for; 0: none are kept.
  [[nodiscard]] std::size_t room() const noexcept { return count_ * ways; }

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

  KeyedHash hash_;
  std::size_t max_bytes_;
  std::size_t count_;      // of sets, a power of two
  std::vector<Set> sets_;  // empty until there is something to keep
  std::size_t bytes_ = 0;
  std::size_t kept_ = 0;
  std::size_t next_victim_ = 0;
  std::size_t next_to_clear_ = 0;
  Entry* last_found_ = nullptr;
};

}  // namespace postern::token
