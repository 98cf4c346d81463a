#include "token/signature/ecdsa_signature.hpp"

#include <algorithm>
#include <cstring>

namespace postern::token {
namespace {

// The orders of the groups, SEC 2 2.4.2 and 2.6.1.
constexpr std::array<unsigned char, 32> order_p256{
    0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51};
constexpr std::array<unsigned char, 66> order_p521{
    0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFA,
    0x51, 0x86, 0x87, 0x83, 0xBF, 0x2F, 0x96, 0x6B, 0x7F, 0xCC, 0x01, 0x48, 0xF7, 0x09, 0xA5, 0xD0, 0x3B,
    0xB5, 0xC9, 0xB8, 0x89, 0x9C, 0x47, 0xAE, 0xBB, 0x6F, 0xB7, 0x1E, 0x91, 0x38, 0x64, 0x09};

using Bytes = std::span<const unsigned char>;

bool is_in_range(Bytes number, Bytes order) noexcept {
  const bool zero = std::ranges::all_of(number, [](unsigned char byte) { return byte == 0; });
  return !zero && std::memcmp(number.data(), order.data(), order.size()) < 0;
}

// X.690 8.3: the shortest form, and never one that reads as negative. Returns the end.
unsigned char* write_integer(unsigned char* to, Bytes number) noexcept {
  while (number.size() > 1 && number.front() == 0) number = number.subspan(1);
  const bool padded = number.front() >= 0x80;
  *to++ = 0x02;
  *to++ = static_cast<unsigned char>(number.size() + (padded ? 1 : 0));
  if (padded) *to++ = 0;
  return std::ranges::copy(number, to).out;
}

}  // namespace

std::size_t ecdsa_signature_size(Algorithm algorithm) noexcept {
  return 2 * (algorithm == Algorithm::es256 ? order_p256.size() : order_p521.size());
}

std::span<const unsigned char> to_der(Algorithm algorithm, std::span<const char> signature,
                                      DerSignature& out) noexcept {
  const Bytes order = algorithm == Algorithm::es256 ? Bytes(order_p256) : Bytes(order_p521);
  if (signature.size() != 2 * order.size()) return {};
  const Bytes bytes(reinterpret_cast<const unsigned char*>(signature.data()), signature.size());
  const Bytes r = bytes.first(order.size()), s = bytes.last(order.size());
  if (!is_in_range(r, order) || !is_in_range(s, order)) return {};

  unsigned char* const content = out.data() + 3;  // behind a tag and the longest length there is
  unsigned char* const end = write_integer(write_integer(content, r), s);
  const auto size = static_cast<std::size_t>(end - content);
  unsigned char* begin = content;
  *--begin = static_cast<unsigned char>(size);
  if (size >= 0x80) *--begin = 0x81;
  *--begin = 0x30;
  return {begin, end};
}

}  // namespace postern::token
