#pragma once
// One bounded request and its response, for what Postern itself asks of others: an upstream's health, a key
// set, a document. Never for a client's request.

#include <cstdint>
#include <string>

#include "transport/beast.hpp"
#include "transport/connector.hpp"

namespace postern::transport {

using HttpRequest = beast::http::request<beast::http::empty_body>;
using HttpResponse = beast::http::response<beast::http::string_body>;

struct HttpLimits {
  Clock::duration connect = std::chrono::seconds(2);  // for each address
  Clock::duration whole = std::chrono::seconds(5);    // from the connection to the response's last byte
  bool from_the_start = false;                        // `whole` counts connecting too
  std::uint32_t head_bytes = 8192;
  std::uint64_t body_bytes = 1 << 20;
};

enum class HttpFault : std::uint8_t {
  none,
  unreachable,  // no connection, or no TLS that could be trusted
  timed_out,
  cut_short,  // the connection ended before the response did
  malformed,
  too_large,  // head or body over their limits
};
std::string_view text_of(HttpFault fault) noexcept;

struct HttpResult {
  HttpFault fault = HttpFault::none;
  std::string problem;    // what the system or TLS says of it, where it does; for the log
  HttpResponse response;  // whole when there is no fault; no interim one
};

// Sends `request` on a connection of its own, which ends with it; sets Host, Connection and User-Agent.
// Redirects are answers like any other.
Awaitable<HttpResult> exchange_once(Connector& connector, Deadlines& deadlines, HttpRequest request,
                                    std::string host, HttpLimits limits);

}  // namespace postern::transport
