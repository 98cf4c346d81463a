#include "token/verified_tokens.hpp"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>
#include <stdexcept>
#include <type_traits>

namespace postern::token {

// With the token behind it in one piece of memory: a hit waits for memory once less.
struct VerifiedTokens::Entry {
  static Entry* make(std::string_view token, const Verification& found, std::int64_t now) {
    auto* entry = new (::operator new(sizeof(Entry) + token.size())) Entry{found, now, token.size()};
    std::memcpy(reinterpret_cast<char*>(entry + 1), token.data(), token.size());
    return entry;
  }

  [[nodiscard]] std::string_view token() const noexcept {
    return {reinterpret_cast<const char*>(this + 1), token_size};
  }
  [[nodiscard]] std::size_t bytes() const noexcept { return sizeof(Entry) + token_size; }

  Verification verification;
  std::int64_t verified_at;
  std::size_t token_size;
};

void VerifiedTokens::Forget::operator()(Entry* entry) const noexcept {
  static_assert(std::is_trivially_destructible_v<Entry>);
  OPENSSL_cleanse(entry, entry->bytes());
  ::operator delete(entry);
}

namespace {

// Takes as long for a token that differs at its first byte as for the same one: eight bytes at a time,
// because each request pays for it.
bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  std::uint64_t difference = 0;
  std::size_t at = 0;
  for (; a.size() - at >= sizeof difference; at += sizeof difference) {
    std::uint64_t left;
    std::uint64_t right;
    std::memcpy(&left, a.data() + at, sizeof left);
    std::memcpy(&right, b.data() + at, sizeof right);
    difference |= left ^ right;
  }
  for (; at < a.size(); ++at) difference |= static_cast<unsigned char>(a[at] ^ b[at]);
  return difference == 0;
}

// SipHash-2-4 (Aumasson and Bernstein, 2012).
class SipHash {
 public:
  explicit SipHash(const std::array<std::uint64_t, 2>& key) noexcept
      : v_{key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d, key[0] ^ 0x6c7967656e657261,
           key[1] ^ 0x7465646279746573} {}

  void add(std::uint64_t word) noexcept {
    v_[3] ^= word;
    mix();
    mix();
    v_[0] ^= word;
  }

  std::uint64_t finish() noexcept {
    v_[2] ^= 0xFF;
    for (int round = 0; round < 4; ++round) mix();
    return v_[0] ^ v_[1] ^ v_[2] ^ v_[3];
  }

 private:
  void mix() noexcept {
    auto& [a, b, c, d] = v_;
    a += b;
    b = std::rotl(b, 13) ^ a;
    a = std::rotl(a, 32);
    c += d;
    d = std::rotl(d, 16) ^ c;
    a += d;
    d = std::rotl(d, 21) ^ a;
    c += b;
    b = std::rotl(b, 17) ^ c;
    c = std::rotl(c, 32);
  }

  std::array<std::uint64_t, 4> v_;
};

}  // namespace

VerifiedTokens::VerifiedTokens() {
  if (RAND_bytes(reinterpret_cast<unsigned char*>(key_.data()), sizeof key_) != 1) {
    throw std::runtime_error("OpenSSL offers no random bytes");
  }
}

VerifiedTokens::~VerifiedTokens() = default;

// Of the end, where a token's signature is: tokens that verify differ there.
VerifiedTokens::Place VerifiedTokens::place_of(std::string_view token) const noexcept {
  SipHash hash(key_);
  std::array<std::uint64_t, 4> end{};
  const std::size_t size = std::min(token.size(), sizeof end);
  std::memcpy(end.data(), token.data() + token.size() - size, size);
  for (const std::uint64_t word : end) hash.add(word);
  hash.add(token.size());
  const std::uint64_t hashed = hash.finish();
  return {hashed % sets, static_cast<std::uint32_t>(hashed >> 32U)};
}

const Verification* VerifiedTokens::find(std::string_view token, std::int64_t now,
                                         std::int64_t leeway) const noexcept {
  if (sets_.empty()) return nullptr;
  const Place place = place_of(token);
  for (const Slot& slot : sets_[place.set].slots) {
    if (slot.tag != place.tag || !slot.entry) continue;
    const Entry& entry = *slot.entry;
    if (!equal_in_constant_time(entry.token(), token)) continue;
    // A clock that was set back may have brought nbf and iat before us again.
    const bool still_good =
        now >= 0 && now >= entry.verified_at && entry.verification.expires_at > now - leeway;
    return still_good ? &entry.verification : nullptr;
  }
  return nullptr;
}

void VerifiedTokens::insert(std::string_view token, const Verification& verification, std::int64_t now) {
  if (token.size() > max_token) return;
  if (sets_.empty()) sets_.resize(sets);
  decltype(Slot::entry) entry(Entry::make(token, verification, now));
  while (bytes_ + entry->bytes() > max_bytes) {
    for (Slot& slot : sets_[next_to_clear_++ % sets].slots) release(slot);
  }
  const Place place = place_of(token);
  auto& slots = sets_[place.set].slots;
  const auto replaceable = std::find_if(slots.begin(), slots.end(), [&](const Slot& slot) {
    return !slot.entry || slot.tag == place.tag || slot.expires_at <= now;
  });
  Slot& slot = replaceable != slots.end() ? *replaceable : slots[next_victim_++ % ways];
  release(slot);
  slot.tag = place.tag;
  slot.expires_at =
      static_cast<std::uint32_t>(std::clamp<std::int64_t>(verification.expires_at, 0, UINT32_MAX));
  slot.entry = std::move(entry);
  bytes_ += slot.entry->bytes();
  ++kept_;
}

void VerifiedTokens::release(Slot& slot) noexcept {
  if (!slot.entry) return;
  bytes_ -= slot.entry->bytes();
  --kept_;
  slot.entry.reset();
}

}  // namespace postern::token
