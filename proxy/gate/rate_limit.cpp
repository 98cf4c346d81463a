#include "gate/rate_limit.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

namespace postern::gate {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr unsigned time_bits = 40;
constexpr std::uint64_t time_mask = (std::uint64_t{1} << time_bits) - 1;

std::uint64_t tag_of(std::uint64_t name_hash) noexcept {
  return (name_hash & ((std::uint64_t{1} << (64 - time_bits)) - 1)) | 1;
}

std::uint64_t tag_of_word(std::uint64_t word) noexcept {
  return word >> time_bits;
}

std::uint64_t nanoseconds_each(const Rate& rate) noexcept {
  return static_cast<std::uint64_t>(std::chrono::nanoseconds(rate.period).count()) / rate.count;
}

// Fine enough to be fair, and coarse enough that whole nanoseconds make no difference of a percent.
std::uint64_t ticks_for_one(const Rate& rate) noexcept {
  return nanoseconds_each(rate) >= 1'000'000 ? 1024 : 16;
}

constexpr std::array<unsigned char, 12> mapped = {0, 0, 0, 0, 0,    0,
                                                  0, 0, 0, 0, 0xFF, 0xFF};  // RFC 4291 2.5.5.2

}  // namespace

RateLimit::RateLimit(const Rate& rate)
    : rate_(rate),
      ticks_each_(ticks_for_one(rate)),
      tick_nanoseconds_(nanoseconds_each(rate) / ticks_each_),
      most_backlog_((std::uint64_t{rate.burst} - 1) * ticks_each_),
      whole_burst_(most_backlog_ + ticks_each_),
      sets_(sets) {}

std::uint64_t RateLimit::ticks(std::chrono::nanoseconds now) const noexcept {
  return static_cast<std::uint64_t>(now.count()) / tick_nanoseconds_;
}

// The upper bits choose the set, the lower ones are the tag.
std::size_t RateLimit::set_of(std::uint64_t name_hash) noexcept {
  return static_cast<std::size_t>(Wide{name_hash} * sets >> 64);
}

// How far ahead of now the bucket is full again. It is never further than a whole burst: what seems to be
// lies in the past.
std::uint64_t RateLimit::backlog(Word word, std::uint64_t now) const noexcept {
  const std::uint64_t ahead = (word - now) & time_mask;
  return ahead <= whole_burst_ ? ahead : 0;
}

// `backlog` is more than the most.
RateOutcome RateLimit::refusal(std::uint64_t backlog_ticks) const noexcept {
  const std::uint64_t wait = (backlog_ticks - most_backlog_) * tick_nanoseconds_;
  constexpr std::uint64_t second = 1'000'000'000;
  return {false, static_cast<std::uint32_t>((wait + second - 1) / second)};
}

// Each request of a limited user comes by here, and nearly always finds its bucket and is the only one there.
RateOutcome RateLimit::take(std::uint64_t name_hash, std::chrono::nanoseconds now) noexcept {
  Set& set = sets_[set_of(name_hash)];
  const std::uint64_t tag = tag_of(name_hash);
  const std::uint64_t at = ticks(now);
  for (std::atomic<Word>& each : set.words) {
    Word word = each.load(std::memory_order_relaxed);
    if (tag_of_word(word) != tag) continue;
    const std::uint64_t ahead = backlog(word, at);
    if (ahead > most_backlog_) break;
    if (each.compare_exchange_strong(word, word_of(tag, at + ahead), std::memory_order_relaxed)) return {};
    break;
  }
  return take_slowly(set, tag, at);
}

// From a bucket that is to be begun, is empty, or is taken from by other threads too.
RateOutcome RateLimit::take_slowly(Set& set, std::uint64_t tag, std::uint64_t now) const noexcept {
  while (true) {
    std::size_t way = 0;
    Word word = 0;
    for (; way < ways; ++way) {
      word = set.words[way].load(std::memory_order_relaxed);
      if (tag_of_word(word) == tag) break;
    }
    if (way == ways) {
      if (begin(set, tag, now)) return {};
      continue;
    }
    const std::uint64_t ahead = backlog(word, now);
    if (ahead > most_backlog_) return refusal(ahead);
    // Where another thread was faster, it got further, and this one looks again.
    if (set.words[way].compare_exchange_weak(word, word_of(tag, now + ahead), std::memory_order_relaxed))
      return {};
  }
}

// With one taken.
RateLimit::Word RateLimit::word_of(std::uint64_t tag, std::uint64_t full_at) const noexcept {
  return tag << time_bits | ((full_at + ticks_each_) & time_mask);
}

// In place of the bucket that has been quiet longest; false if another thread took that place.
bool RateLimit::begin(Set& set, std::uint64_t tag, std::uint64_t now) const noexcept {
  std::size_t best = 0;
  Word replaced = 0;
  std::uint64_t longest = 0;
  for (std::size_t way = 0; way < ways; ++way) {
    const Word word = set.words[way].load(std::memory_order_relaxed);
    // Before the moment it is full again this is a small number, from then on it grows.
    const std::uint64_t quiet = word == 0 ? time_mask : (now + whole_burst_ - word) & time_mask;
    if (way != 0 && quiet <= longest) continue;
    longest = quiet;
    best = way;
    replaced = word;
  }
  return set.words[best].compare_exchange_weak(replaced, word_of(tag, now), std::memory_order_relaxed);
}

RateOutcome RateLimit::look(std::uint64_t name_hash, std::chrono::nanoseconds now) const noexcept {
  const std::uint64_t tag = tag_of(name_hash);
  for (const std::atomic<Word>& each : sets_[set_of(name_hash)].words) {
    const Word word = each.load(std::memory_order_relaxed);
    if (tag_of_word(word) != tag) continue;
    const std::uint64_t ahead = backlog(word, ticks(now));
    return ahead > most_backlog_ ? refusal(ahead) : RateOutcome{};
  }
  return {};
}

std::string_view rate_key_of_address(const std::array<unsigned char, 16>& address) noexcept {
  const bool v4 = std::equal(mapped.begin(), mapped.end(), address.begin());
  return {reinterpret_cast<const char*>(address.data()), v4 ? address.size() : std::size_t{8}};
}

std::optional<std::array<unsigned char, 16>> parse_address(std::string_view text) noexcept {
  std::array<char, INET6_ADDRSTRLEN> name{};
  text = text.substr(0, text.find('%'));
  if (text.size() >= name.size()) return std::nullopt;
  std::copy(text.begin(), text.end(), name.begin());
  std::array<unsigned char, 16> address{};
  if (::inet_pton(AF_INET6, name.data(), address.data()) == 1) return address;
  std::copy(mapped.begin(), mapped.end(), address.begin());
  if (::inet_pton(AF_INET, name.data(), address.data() + mapped.size()) == 1) return address;
  return std::nullopt;
}

}  // namespace postern::gate
