#pragma once
// How long a response may be used, by Cache-Control (RFC 9111 5.2.2.1).

#include <chrono>
#include <optional>
#include <string_view>

namespace postern::keys {

// max-age of the field's value, which is a list; the smallest where it stands there twice, at most 10 years.
// Nothing: it is not there, or it is no number (RFC 9111 4.2.1). Other directives are not looked at.
std::optional<std::chrono::seconds> max_age_of(std::string_view cache_control) noexcept;

}  // namespace postern::keys
