#include "token/uid.hpp"

#include <algorithm>

namespace postern::token {

std::optional<Uid> Uid::from(std::string_view text) noexcept {
  if (text.empty() || text.size() > max_size) return std::nullopt;
  unsigned char outside = 0;  // looked at to the end and no bool, so that the compiler takes many at once
  for (const char c : text) outside |= static_cast<unsigned char>(c < '!' || c > '~');
  if (outside != 0) return std::nullopt;
  std::optional<Uid> uid(std::in_place);
  std::ranges::copy(text, uid->characters_.begin());
  uid->size_ = static_cast<std::uint8_t>(text.size());
  return uid;
}

}  // namespace postern::token
