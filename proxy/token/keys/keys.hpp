#pragma once
// What verifies tokens, and what was revoked: immutable snapshots, replaced as a whole and shared by threads.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "token/keys/public_key.hpp"
#include "token/revoked_list.hpp"

namespace postern::token {

// The secrets that verify, in the order they are tried; immutable, wiped when destroyed. Shared by all
// threads.
class SharedSecrets {
 public:
  explicit SharedSecrets(std::vector<std::string> secrets);
  ~SharedSecrets();
  SharedSecrets(const SharedSecrets&) = delete;
  SharedSecrets& operator=(const SharedSecrets&) = delete;

  [[nodiscard]] const std::vector<std::string>& all() const noexcept { return secrets_; }

 private:
  std::vector<std::string> secrets_;
};

// The keys of one issuer.
struct KeySet {
  enum class State : std::uint8_t {
    missing,  // never had: keys is empty
    usable,
    stale,  // older than the longest age: its keys verify nothing, remembered tokens neither
  };

  std::optional<std::string> issuer;    // what iss must be; nothing: any that no other set has
  std::optional<std::string> audience;  // what aud must be or hold; nothing: any, and sub names nobody
  bool fetchable = false;               // it comes from an address, not from a file
  State state = State::missing;
  std::vector<PublicKey> keys;
};

struct Keys {
  std::shared_ptr<const SharedSecrets> secrets;  // null: none
  // As they are configured; no two have one issuer. A set that did not change is the same object.
  std::vector<std::shared_ptr<const KeySet>> sets;
  std::shared_ptr<const RevokedList> revoked;  // null: nothing is
};

}  // namespace postern::token
