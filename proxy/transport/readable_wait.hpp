#pragma once
// Waits for whichever of two connections speaks first, with little memory: without a coroutine or a
// cancellation slot for each.

#include "transport/stream.hpp"

namespace postern::transport {

struct ReadableWait {
  error_code error;
  bool second = false;  // of the second stream; otherwise of the first
};

// Until one of them may have something to read, or an end; cancel() on both ends it. What TLS has decrypted
// already does not show. Nothing else may wait on either.
Awaitable<ReadableWait> wait_for_either(Stream& first, Stream& second);

}  // namespace postern::transport
