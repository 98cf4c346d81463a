#pragma once
// Writes a line of the log into room that was made before: what a line can take at most is known when it
// begins.

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace postern::observe {

// An escaped byte takes this many.
inline constexpr std::size_t longest_escape = 6;

class Line {
 public:
  explicit Line(char* begin) noexcept : at_(begin) {}
  [[nodiscard]] const char* end() const noexcept { return at_; }

  void put(char c) noexcept { *at_++ = c; }
  void put(std::string_view text) noexcept {
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
  }
  void put_number(std::uint64_t value) noexcept { at_ = std::to_chars(at_, at_ + 20, value).ptr; }
  // A share between 0 and 1, as short as it can be read again.
  void put_share(float value) noexcept { at_ = std::to_chars(at_, at_ + 20, value).ptr; }
  void put_three_digits(unsigned value) noexcept {
    put(static_cast<char>('0' + value / 100));
    put(static_cast<char>('0' + value / 10 % 10));
    put(static_cast<char>('0' + value % 10));
  }
  // Three decimals: microseconds are what was measured.
  void put_milliseconds(std::uint32_t microseconds) noexcept {
    put_number(microseconds / 1000);
    put('.');
    put_three_digits(microseconds % 1000);
  }
  // Bytes that are not printable ASCII are escaped, so that no request can forge a line.
  void put_escaped(std::string_view text) noexcept;
  // UTC, RFC 3339, with milliseconds.
  void put_time(std::int64_t unix_microseconds) noexcept;
  // Blanks from `begin` on, up to this width.
  void pad_from(const char* begin, std::size_t width) noexcept {
    while (static_cast<std::size_t>(at_ - begin) < width) put(' ');
  }

 private:
  char* at_;
};

}  // namespace postern::observe
