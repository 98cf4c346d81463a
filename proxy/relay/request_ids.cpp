#include "relay/request_ids.hpp"

#include <random>

namespace postern::relay {
namespace {

std::uint64_t random_number() {
  std::random_device device;
  return (static_cast<std::uint64_t>(device()) << 32) | device();
}

void write_hex(char* out, std::uint64_t value) noexcept {
  constexpr char digits[] = "0123456789abcdef";
  for (int i = 15; i >= 0; --i, value >>= 4) out[i] = digits[value & 0xF];
}

}  // namespace

RequestIds::RequestIds() : source_(random_number()), count_(random_number()) {}

void RequestIds::next(Id& id) noexcept {
  // An odd step visits every count and keeps neighbours apart in a sorted log.
  count_ += 0x9E3779B97F4A7C15ULL;
  write_hex(id.data(), source_);
  write_hex(id.data() + 16, count_);
}

}  // namespace postern::relay
