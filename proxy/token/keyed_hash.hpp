#pragma once
// A keyed hash of names that clients choose: without the key nobody can find two names that meet in a table.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace postern::token {

// Multilinear hashing (Lemire and Kaser, "Strongly universal string hashing is fast", 2014): two different
// names of at most 120 bytes have the same 64 bits with a chance of 2^-64 over the keys. Longer texts are
// hashed block by block, each block together with the hash of what came before. All bits of the value are
// equally good for a table's places, for names that count up too. For tables only: the value must not leave
// the process.
class KeyedHash {
 public:
  // Seventeen keys of 128 bits.
  static constexpr std::size_t key_words = 34;
  using Key = std::array<std::uint64_t, key_words>;

  // Random words, of this process alone.
  explicit KeyedHash(const Key& key) noexcept : key_(key) {}
  // With a key of its own. Throws std::runtime_error when OpenSSL offers no random bytes.
  static KeyedHash random();

  [[nodiscard]] std::uint64_t operator()(std::string_view text) const noexcept;

 private:
  Key key_;
};

}  // namespace postern::token
