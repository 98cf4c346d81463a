#pragma once
// One thread's use of a snapshot of keys: the contexts of each, and a number for each that stays the same for
// as long as the key does, so that a cached token can tell whether its key is still there.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "token/fault.hpp"
#include "token/header.hpp"
#include "token/keys/keys.hpp"
#include "token/signature/hs256.hpp"
#include "token/signature/signature_check.hpp"

namespace postern::token {

using KeyNumber = std::uint32_t;  // never used for another key again

// What a signature's check came to: the key when fault is none.
struct KeyFound {
  TokenFault fault = TokenFault::none;
  KeyNumber key = 0;
};

class KeyRing {
 public:
  static constexpr std::size_t most_without_kid = 8;  // keys tried for a token that names none

  // Throws std::runtime_error when OpenSSL has no HMAC-SHA256 or a secret is empty (start-up only).
  void use(std::shared_ptr<const Keys> keys);
  // Of the keys that verify now, ascending. Those of sets that are not usable are not among them.
  [[nodiscard]] std::span<const KeyNumber> live() const noexcept { return live_; }
  [[nodiscard]] const Keys& snapshot() const noexcept { return *snapshot_; }

  [[nodiscard]] bool has_secrets() const noexcept { return !secrets_.empty(); }
  [[nodiscard]] bool has_sets() const noexcept { return !sets_.empty(); }

  // By any of the secrets.
  KeyFound check_secrets(std::string_view message, std::span<const char> signature) noexcept;

  // Index of the set for tokens of `issuer` (nothing: it is absent or no string): the one that demands it,
  // else the one that demands none.
  [[nodiscard]] std::optional<std::size_t> set_for(std::optional<std::string_view> issuer) const noexcept;

  // By the keys of that set. The header's algorithm is not HS256. Faults: bad_signature, algorithm_confusion,
  // unknown_key, no_key_set.
  KeyFound check_set(std::size_t set, const Header& header, std::string_view message,
                     std::span<const char> signature);

 private:
  struct Secret {
    KeyNumber number;
    Hs256Key key;
  };
  struct Public {
    KeyNumber number;
    const PublicKey* key;                 // in the snapshot
    std::optional<SignatureCheck> check;  // made when it is first asked for

    bool verify(std::string_view message, std::span<const char> signature);
  };
  using Set = std::vector<Public>;

  std::vector<Secret> secrets_for(const Keys& keys);
  Set set_from(const KeySet& set);
  void list_live();

  std::shared_ptr<const Keys> snapshot_ = std::make_shared<const Keys>();
  std::vector<Secret> secrets_;
  std::vector<Set> sets_;  // as in the snapshot
  std::vector<KeyNumber> live_;
  KeyNumber next_number_ = 1;
};

}  // namespace postern::token
