#pragma once
// The reason phrases of the answers that the gate itself gives.

#include <string_view>

namespace postern::http {

// As RFC 9110 15 names the status; Beast's text for one that is no answer of this gate's. Static text.
std::string_view status_phrase(unsigned status) noexcept;

}  // namespace postern::http
