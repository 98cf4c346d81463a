#pragma once
// What request lines and status lines have in common.

#include <cstddef>
#include <string_view>

#include "http/message.hpp"

namespace postern::http {

// 'd' stands for a digit. The name is case-sensitive (RFC 9112 2.3).
inline constexpr std::string_view version_pattern = "HTTP/d.d";
inline constexpr std::string_view status_pattern = "HTTP/d.d ddd";

// `bytes` from `start` follow `pattern` up to `at`: the offset of the first byte from there that does not, or
// where the pattern or the bytes end.
constexpr std::size_t skip_pattern(std::string_view bytes, std::size_t start, std::size_t at,
                                   std::string_view pattern) noexcept {
  for (; at < bytes.size() && at - start < pattern.size(); ++at) {
    const char expected = pattern[at - start];
    const bool fits = expected == 'd' ? bytes[at] >= '0' && bytes[at] <= '9' : bytes[at] == expected;
    if (!fits) break;
  }
  return at;
}

// `text` starts as version_pattern says. False for any version but 1.0 and 1.1.
constexpr bool read_version_digits(std::string_view text, Version& version) noexcept {
  if (text[5] != '1' || text[7] > '1') return false;
  version = text[7] == '1' ? Version::http_1_1 : Version::http_1_0;
  return true;
}

}  // namespace postern::http
