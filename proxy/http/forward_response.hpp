#pragma once
// Writes the response head that the client gets, by the same rules as forward_request.hpp.

#include <string>
#include <string_view>

#include "http/message.hpp"

namespace postern::http {

struct DownstreamResponse {
  Version client_version = Version::http_1_1;
  bool keep_alive = true;       // false writes Connection: close
  std::string_view request_id;  // replaces the upstream's X-Request-Id
  bool dechunk = false;         // the body leaves delimited by close (chunked upstream, HTTP/1.0 client)
  bool add_bearer_subprotocol = false;  // 101 only: select "bearer" when the upstream selected none
};

// Appends the response head for the client to `out`. Statuses 1xx go through here too (no Connection, no
// framing).
void write_response_head(std::string& out, const ResponseHead& head, const DownstreamResponse& response);

}  // namespace postern::http
