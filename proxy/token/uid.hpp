#pragma once
// A verified user id: 1 to 128 visible ASCII characters (0x21 to 0x7E), held inline so that a verdict
// allocates nothing.

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace postern::token {

class Uid {
 public:
  static constexpr std::size_t max_size = 128;

  Uid() noexcept = default;  // empty: nobody
  // Nothing when the text is not a uid as above.
  static std::optional<Uid> from(std::string_view text) noexcept;

  [[nodiscard]] std::string_view view() const noexcept { return {characters_.data(), size_}; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

 private:
  std::array<char, max_size> characters_{};
  std::uint8_t size_ = 0;
};

}  // namespace postern::token
