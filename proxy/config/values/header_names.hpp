#pragma once
// Which header names a setting may choose.

#include <string>
#include <string_view>

namespace postern::config {

// A token as RFC 9110 5.1 has it.
bool is_header_name(std::string_view text) noexcept;

// In lower case, with '-' for '_': spellings that a backend may take for one another.
std::string folded_header(std::string_view name);

// Whether HTTP or the gate itself gives the header a meaning, in whatever spelling: Host, Cookie,
// Authorization, framing, hop-by-hop and forwarding fields, X-Request-Id, the signed identity, the override.
bool is_reserved_header(std::string_view name);

}  // namespace postern::config
