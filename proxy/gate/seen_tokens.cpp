#include "gate/seen_tokens.hpp"

namespace postern::gate {
namespace {

static_assert((SeenTokens::sets & (SeenTokens::sets - 1)) == 0);

std::size_t set_of(std::uint64_t hash) noexcept {
  return hash & (SeenTokens::sets - 1);
}

// 0 is a place that nothing was noted in.
std::uint64_t as_kept(std::uint64_t hash) noexcept {
  return hash == 0 ? 1 : hash;
}

}  // namespace

void SeenTokens::note(std::uint64_t token_hash) noexcept {
  Set& set = sets_[set_of(token_hash)];
  const std::uint64_t kept = as_kept(token_hash);
  if (contains(token_hash)) return;
  // New ones enter in front; each of the others moves back by one and the last falls out. Threads that do so
  // at once may lose one or keep one twice, and that only makes a token wait.
  for (std::size_t way = SeenTokens::ways - 1; way > 0; --way) {
    set.hashes[way].store(set.hashes[way - 1].load(std::memory_order_relaxed), std::memory_order_relaxed);
  }
  set.hashes[0].store(kept, std::memory_order_relaxed);
}

bool SeenTokens::contains(std::uint64_t token_hash) const noexcept {
  const std::uint64_t kept = as_kept(token_hash);
  for (const auto& hash : sets_[set_of(token_hash)].hashes) {
    if (hash.load(std::memory_order_relaxed) == kept) return true;
  }
  return false;
}

}  // namespace postern::gate
