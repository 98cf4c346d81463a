#pragma once
// Which tokens some thread of this process has verified: a bounded table of keyed hashes. To be found in it
// lets a token be looked at in spite of POSTERN_FAILED_AUTH_RATE, and nothing else.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace postern::gate {

// Callable from any thread, without a lock. The newest of a set displaces another of it.
class SeenTokens {
 public:
  static constexpr std::size_t sets = 16'384;
  static constexpr std::size_t ways = 8;

  SeenTokens() : sets_(sets) {}

  // `token_hash` is the token::KeyedHash of the whole token.
  void note(std::uint64_t token_hash) noexcept;
  [[nodiscard]] bool contains(std::uint64_t token_hash) const noexcept;

 private:
  struct alignas(64) Set {
    std::array<std::atomic<std::uint64_t>, ways> hashes{};
  };

  std::vector<Set> sets_;
};

}  // namespace postern::gate
