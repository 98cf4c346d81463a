#pragma once
// A request to the admin listener: read strictly, and who may ask for what.

#include <string_view>

#include "transport/beast.hpp"
#include "transport/timed_stream.hpp"

namespace postern::admin {

using AdminRequest = transport::beast::http::request<transport::beast::http::empty_body>;

enum class RequestOutcome : std::uint8_t { complete, malformed, gone };

// Every byte of the head is judged as that of a client's would be, before Beast reads it: Beast alone takes
// folded lines. `request` is set when it is complete. Bodies are not read.
transport::Awaitable<RequestOutcome> read_request(transport::TimedStream& client, AdminRequest& request);

// Whether the Host is a literal address or localhost. Any other name may be one that an attacker's page has
// turned to this address (DNS rebinding).
bool names_an_address(std::string_view host) noexcept;

// This very machine: loopback, or a unix socket.
bool is_local(const transport::Protocol::endpoint& peer) noexcept;

}  // namespace postern::admin
