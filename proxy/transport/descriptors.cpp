#include "transport/descriptors.hpp"

#include <sys/resource.h>

#include <algorithm>

#include "transport/splice_pipe.hpp"

namespace postern::transport {
namespace {

// Standard streams, the log, the admin listener with a few callers, name look-ups, the secret's file.
constexpr std::size_t for_the_process = 24;
// Listener, epoll, timer, wake-up, connections that are just being turned away; pipes.
constexpr std::size_t for_a_thread = 8 + 2 * SplicePipes::most;

}  // namespace

std::size_t affordable_connections(unsigned threads) noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1;
  const rlimit wanted{limit.rlim_max, limit.rlim_max};
  if (limit.rlim_cur < limit.rlim_max && ::setrlimit(RLIMIT_NOFILE, &wanted) == 0) limit = wanted;
  const std::size_t reserve = for_the_process + for_a_thread * threads;
  return limit.rlim_cur <= reserve + 4 ? 1 : static_cast<std::size_t>(limit.rlim_cur - reserve) / 4 * 3;
}

}  // namespace postern::transport
