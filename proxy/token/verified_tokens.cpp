#include "token/verified_tokens.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>
#include <type_traits>
#include <utility>

namespace postern::token {

namespace {

// Room for the kept claims, the elements of their lists, and all texts but the token.
struct ClaimsSize {
  std::size_t values = 0, elements = 0, bytes = 0;

  ClaimsSize(const Verification& verification, const KnownToken& known) noexcept {
    const Revocable& revocable = verification.revocable;
    bytes = verification.uid.view().size() + revocable.sub.size() + revocable.jti.size() +
            revocable.sid.size() + known.thumbprint.size();
    values = verification.claims.size();
    for (const ClaimValue& value : verification.claims) {
      bytes += value.text.size();
      elements += value.list.size();
      for (const ClaimText& element : value.list) bytes += element.text.size();
    }
  }

  [[nodiscard]] std::size_t total() const noexcept {
    return values * sizeof(ClaimValue) + elements * sizeof(ClaimText) + bytes;
  }
};

// Copies texts one behind the other.
class TextWriter {
 public:
  explicit TextWriter(char* to) noexcept : to_(to) {}
  std::string_view write(std::string_view text) noexcept {
    std::ranges::copy(text, to_);
    return {std::exchange(to_, to_ + text.size()), text.size()};
  }

 private:
  char* to_;
};

// Reads them back in the same order.
class TextReader {
 public:
  explicit TextReader(const char* from) noexcept : from_(from) {}
  std::string_view read(std::size_t size) noexcept { return {std::exchange(from_, from_ + size), size}; }

 private:
  const char* from_;
};

}  // namespace

// With all that it knows behind it in one piece of memory, so that a hit waits for memory once less: the kept
// claims, the elements of their lists, and the texts, of which the token is the first.
struct VerifiedTokens::Entry {
  static Entry* make(std::string_view token, const Verification& from, const KnownToken& known,
                     const ClaimsSize& size, std::int64_t now) {
    const std::size_t bytes = sizeof(Entry) + size.total() + token.size();
    const Revocable& revocable = from.revocable;
    const auto small = [](std::size_t count) { return static_cast<std::uint16_t>(count); };
    auto* entry = new (::operator new(bytes)) Entry{from.expires_at,
                                                    now,
                                                    revocable.issued_at.value_or(0),
                                                    from.uid_hash,
                                                    known.key,
                                                    known.unrevoked,
                                                    small(bytes),
                                                    small(size.values),
                                                    small(size.elements),
                                                    small(token.size()),
                                                    small(from.uid.view().size()),
                                                    small(revocable.sub.size()),
                                                    small(revocable.jti.size()),
                                                    small(revocable.sid.size()),
                                                    small(known.thumbprint.size()),
                                                    revocable.issued_at.has_value()};
    auto* value_at = entry->values();
    auto* element_at = entry->elements();
    TextWriter texts(entry->texts());
    texts.write(token);
    for (const std::string_view text :
         {from.uid.view(), revocable.sub, revocable.jti, revocable.sid, known.thumbprint}) {
      texts.write(text);
    }
    for (const ClaimValue& value : from.claims) {
      ClaimText* const list = element_at;
      for (const ClaimText& element : value.list) {
        new (element_at++) ClaimText{element.kind, texts.write(element.text)};
      }
      new (value_at++) ClaimValue{value.kind, texts.write(value.text), {list, value.list.size()}};
    }
    return entry;
  }

  [[nodiscard]] ClaimValue* values() noexcept { return reinterpret_cast<ClaimValue*>(this + 1); }
  [[nodiscard]] ClaimText* elements() noexcept {
    return reinterpret_cast<ClaimText*>(values() + value_count);
  }
  [[nodiscard]] char* texts() noexcept { return reinterpret_cast<char*>(elements() + element_count); }
  [[nodiscard]] std::string_view token() noexcept { return {texts(), token_size}; }

  void tell(Verification& verification, KnownToken& known) noexcept {
    TextReader from(texts() + token_size);
    verification.uid = *Uid::from(from.read(uid_size));
    verification.uid_hash = uid_hash;
    verification.expires_at = expires_at;
    verification.claims = {values(), value_count};
    Revocable& revocable = verification.revocable;
    revocable.sub = from.read(sub_size);
    revocable.jti = from.read(jti_size);
    revocable.sid = from.read(sid_size);
    if (has_issued_at) revocable.issued_at = issued_at;
    known = {from.read(thumbprint_size), key, unrevoked};
  }

  std::int64_t expires_at, verified_at, issued_at;
  std::uint64_t uid_hash;
  KeyNumber key;
  std::uint32_t unrevoked;
  std::uint16_t bytes, value_count, element_count;
  std::uint16_t token_size, uid_size, sub_size, jti_size, sid_size, thumbprint_size;
  bool has_issued_at;
};

void VerifiedTokens::Forget::operator()(Entry* entry) const noexcept {
  static_assert(std::is_trivially_destructible_v<Entry>);
  OPENSSL_cleanse(entry, entry->bytes);
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

}  // namespace

// As many slots as tokens of 256 bytes would fill: most are longer, and the slots are cheap.
VerifiedTokens::VerifiedTokens(std::size_t max_bytes, const KeyedHash& hash)
    : hash_(hash),
      max_bytes_(max_bytes),
      count_(max_bytes == 0 ? 0 : std::bit_floor(std::max<std::size_t>(max_bytes / 2048, 1))) {}

VerifiedTokens::~VerifiedTokens() = default;

// Of the end, where a token's signature is: tokens that verify differ there.
VerifiedTokens::Place VerifiedTokens::place_of(std::string_view token) const noexcept {
  constexpr std::size_t end = 32;
  const std::uint64_t hashed = hash_(token.substr(token.size() - std::min(token.size(), end)));
  return {hashed & (count_ - 1), static_cast<std::uint32_t>(hashed >> 32U)};
}

bool VerifiedTokens::find(std::string_view token, std::int64_t now, std::int64_t leeway,
                          Verification& verification, KnownToken& known) noexcept {
  if (sets_.empty()) return false;
  const Place place = place_of(token);
  for (const Slot& slot : sets_[place.set].slots) {
    if (slot.tag != place.tag || !slot.entry) continue;
    Entry& entry = *slot.entry;
    if (!equal_in_constant_time(entry.token(), token)) continue;
    // A clock that was set back may have brought nbf and iat before us again.
    if (now < 0 || now < entry.verified_at || entry.expires_at <= now - leeway) return false;
    entry.tell(verification, known);
    last_found_ = &entry;
    return true;
  }
  return false;
}

void VerifiedTokens::note_unrevoked(std::uint32_t list) noexcept {
  last_found_->unrevoked = list;
}

void VerifiedTokens::insert(std::string_view token, const Verification& verification, const KnownToken& known,
                            std::int64_t now) {
  const ClaimsSize size(verification, known);
  if (count_ == 0 || token.size() > max_token || size.total() > max_claims) return;
  if (sets_.empty()) sets_.resize(count_);
  decltype(Slot::entry) entry(Entry::make(token, verification, known, size, now));
  if (entry->bytes > max_bytes_) return;
  while (bytes_ + entry->bytes > max_bytes_) {
    for (Slot& slot : sets_[next_to_clear_++ & (count_ - 1)].slots) release(slot);
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
  bytes_ += slot.entry->bytes;
  ++kept_;
}

void VerifiedTokens::keep(std::span<const KeyNumber> live) noexcept {
  for (Set& set : sets_) {
    for (Slot& slot : set.slots) {
      if (slot.entry && !std::ranges::binary_search(live, slot.entry->key)) release(slot);
    }
  }
}

void VerifiedTokens::release(Slot& slot) noexcept {
  if (!slot.entry) return;
  bytes_ -= slot.entry->bytes;
  --kept_;
  slot.entry.reset();
}

}  // namespace postern::token
