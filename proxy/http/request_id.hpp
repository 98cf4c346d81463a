#pragma once
// Identifiers of requests, as X-Request-Id brings them.

#include <string_view>

namespace postern::http {

// 1 to 128 characters of [A-Za-z0-9._:-], safe in a log line and a header: what X-Request-Id may be to be
// kept.
bool sane_request_id(std::string_view id) noexcept;

}  // namespace postern::http
