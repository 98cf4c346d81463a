#pragma once
// A request waits for a key that may be on its way.

#include <cstddef>
#include <cstdint>

#include "relay/client_connection.hpp"
#include "relay/key_source.hpp"

namespace postern::relay {

// Until `until` at the longest, or until the connection's wait is called off, as interrupted() then says.
transport::Awaitable<KeyAnswer> wait_for_key(ClientConnection& connection, std::size_t set,
                                             std::uint64_t earlier, transport::Clock::time_point until);

}  // namespace postern::relay
