#include "token/keyed_hash.hpp"

#include <openssl/rand.h>

#include <cstring>
#include <stdexcept>

namespace postern::token {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr std::size_t word_bytes = sizeof(std::uint64_t);
constexpr std::size_t words_in_block =
    KeyedHash::key_words / 2 - 2;  // two keys are for the sum and the hash so far
constexpr std::size_t block_bytes = words_in_block * word_bytes;

std::uint64_t load(const char* from) noexcept {
  std::uint64_t word;
  std::memcpy(&word, from, word_bytes);
  return word;
}

// Fewer than eight bytes, without a copy of variable size. The text's length is hashed too, so that no two
// texts give the same words.
std::uint64_t load_short(const char* from, std::size_t size) noexcept {
  const auto byte = [from](std::size_t at) {
    return static_cast<std::uint64_t>(static_cast<unsigned char>(from[at]));
  };
  if (size >= 4) {
    std::uint32_t first;
    std::uint32_t last;
    std::memcpy(&first, from, sizeof first);
    std::memcpy(&last, from + size - sizeof last, sizeof last);
    return std::uint64_t{first} << 32 | last;
  }
  if (size == 0) return 0;
  return byte(0) << 16 | byte(size / 2) << 8 | byte(size - 1);
}

// The words of at most one block after `before`, of which the length of the whole text is a part.
std::uint64_t hash_block(const KeyedHash::Key& key, std::uint64_t before, std::string_view block) noexcept {
  const auto wide_key = [&key](std::size_t i) { return Wide{key[2 * i]} << 64 | key[2 * i + 1]; };
  Wide sum = wide_key(0) + wide_key(1) * before;
  std::size_t word = 2;
  std::size_t at = 0;
  for (; block.size() - at >= word_bytes; at += word_bytes) sum += wide_key(word++) * load(block.data() + at);
  if (at < block.size()) sum += wide_key(word) * load_short(block.data() + at, block.size() - at);
  return static_cast<std::uint64_t>(sum >> 64);
}

// The sum is linear in the text: names that count up would lie on a line, and with an unlucky key in few of a
// table's places. One to one, so that it adds no collision; the factor is 2^64 over the golden ratio (Knuth,
// The Art of Computer Programming, 6.4).
std::uint64_t scatter(std::uint64_t hash) noexcept {
  hash ^= hash >> 32U;
  hash *= 0x9E3779B97F4A7C15U;
  return hash ^ hash >> 29U;
}

}  // namespace

KeyedHash KeyedHash::random() {
  Key key;
  if (RAND_bytes(reinterpret_cast<unsigned char*>(key.data()), sizeof key) != 1) {
    throw std::runtime_error("OpenSSL offers no random bytes");
  }
  return KeyedHash(key);
}

std::uint64_t KeyedHash::operator()(std::string_view text) const noexcept {
  std::uint64_t hash = text.size();
  while (text.size() > block_bytes) {
    hash = hash_block(key_, hash, text.substr(0, block_bytes));
    text.remove_prefix(block_bytes);
  }
  return scatter(hash_block(key_, hash, text));
}

}  // namespace postern::token
