#include "observe/metrics/refusal_reasons.hpp"

namespace postern::observe {
namespace {

constexpr std::size_t slots = 512;
static_assert(reason_count * 4 < slots && reason_count < 255);

// Names differ in length and in a few of their bytes.
constexpr std::size_t slot_of(std::string_view name) noexcept {
  const auto byte = [name](std::size_t at) { return std::size_t{static_cast<unsigned char>(name[at])}; };
  const std::size_t size = name.size();
  return (size * 131 + byte(0) * 31 + byte(size / 2) * 7 + byte(size - 1) * 61 + byte(size / 3) * 17) % slots;
}

// Open addressing; 0 is free, else the index and one.
constexpr auto table = [] {
  std::array<std::uint8_t, slots> places{};
  for (std::size_t i = 0; i < reason_count; ++i) {
    std::size_t slot = slot_of(refusal_reasons[i].name);
    while (places[slot] != 0) slot = (slot + 1) % slots;
    places[slot] = static_cast<std::uint8_t>(i + 1);
  }
  return places;
}();

}  // namespace

std::size_t reason_index(std::string_view name) noexcept {
  if (name.empty()) return other_reason;
  for (std::size_t slot = slot_of(name); table[slot] != 0; slot = (slot + 1) % slots) {
    const std::size_t index = table[slot] - std::size_t{1};
    if (refusal_reasons[index].name == name) return index;
  }
  return other_reason;
}

}  // namespace postern::observe
