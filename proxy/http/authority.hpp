#pragma once
// Who a request is for, as Host and absolute-form name it.

#include <string_view>

namespace postern::http {

// uri-host [":" port] (RFC 9110 7.2, RFC 3986 3.2.2): a registered name (underscores too), an IPv4 address or
// a bracketed IPv6 address without a zone. The port may be empty. Userinfo, an empty host, a comma,
// percent-encoded ASCII and a port above 65535 or of more than five digits are refused.
bool valid_authority(std::string_view authority) noexcept;

}  // namespace postern::http
