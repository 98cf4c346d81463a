#pragma once
// File descriptors: a connection takes one, and another to the upstream while a request is in flight.

#include <cstddef>

namespace postern::transport {

// Raises this process's limit to what it is allowed, and returns how many connections that can hold, at
// least 1, with what `threads` event loops need and a quarter for the upstream set apart. Were all of it
// given to clients, silent ones could take it up, and nobody could be answered any more, not even with 503.
std::size_t affordable_connections(unsigned threads) noexcept;

// How many pipes a thread may hold; 0 where descriptors are few.
std::size_t affordable_pipes() noexcept;

}  // namespace postern::transport
