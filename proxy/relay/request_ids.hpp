#pragma once
// Identifiers for requests that bring none of their own.

#include <array>
#include <cstdint>
#include <string_view>

namespace postern::relay {

// 32 hexadecimal digits: a random number of this source and a count. Unique, not secret. One source per
// thread.
class RequestIds {
 public:
  static constexpr std::size_t size = 32;
  using Id = std::array<char, size>;

  RequestIds();
  void next(Id& id) noexcept;

 private:
  std::uint64_t source_;
  std::uint64_t count_;
};

}  // namespace postern::relay
