#pragma once
// The status page: one HTML document, without anything from elsewhere.

#include <string>

#include "observe/status/page_assets.hpp"
#include "observe/status/status.hpp"

namespace postern::observe {

// Every value is escaped. To be sent as text/html; charset=utf-8 with Content-Security-Policy: page_policy(),
// Cache-Control: no-store, X-Content-Type-Options: nosniff and Referrer-Policy: no-referrer. It asks for
// itself again each second.
std::string status_page(const Status& status);

}  // namespace postern::observe
