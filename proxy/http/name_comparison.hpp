#pragma once
// When two names are the same.

#include <string_view>

namespace postern::http {

// Case-insensitive comparison of ASCII letters only (RFC 9110 5.1), never the locale's.
bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept;

// As above, and '_' equals '-': backends that fold names as CGI does (RFC 3875 4.1.18) read both spellings as
// one (CVE-2025-64484).
bool equal_when_folded(std::string_view a, std::string_view b) noexcept;

}  // namespace postern::http
