// Guarded by a name: it is precompiled, and a compiler cache may keep that longer than this file's time
// stamp, by which `#pragma once` knows a file.
#ifndef POSTERN_TRANSPORT_COROUTINE_FRAMES_HPP
#define POSTERN_TRANSPORT_COROUTINE_FRAMES_HPP

// The memory of coroutine frames: free lists of the thread, by size. Asio keeps a few blocks a thread and
// gives the first that is large enough, so small frames sit in large blocks and, with many requests under
// way, nearly every frame comes from the heap. Included with Asio's headers, before the first coroutine is
// compiled.

#include <boost/asio/detail/thread_info_base.hpp>
#include <cstddef>

namespace postern::transport {

// Memory for a frame of `size` bytes, aligned for every fundamental type. Throws std::bad_alloc.
[[nodiscard]] void* allocate_frame(std::size_t size);
// To the list of the calling thread, which need not be the one that allocated it.
void deallocate_frame(void* frame, std::size_t size) noexcept;

// Bytes that this thread's lists hold for the next frames.
[[nodiscard]] std::size_t kept_frame_bytes() noexcept;
inline constexpr std::size_t most_kept_frame_bytes = std::size_t{512} * 1024;

}  // namespace postern::transport

namespace boost::asio::detail {

// Every frame of an awaitable<> asks here.
template <>
inline void* thread_info_base::allocate<thread_info_base::awaitable_frame_tag>(awaitable_frame_tag,
                                                                               thread_info_base*,
                                                                               std::size_t size,
                                                                               std::size_t) {
  return postern::transport::allocate_frame(size);
}

template <>
inline void thread_info_base::deallocate<thread_info_base::awaitable_frame_tag>(awaitable_frame_tag,
                                                                                thread_info_base*,
                                                                                void* pointer,
                                                                                std::size_t size) {
  postern::transport::deallocate_frame(pointer, size);
}

}  // namespace boost::asio::detail

#endif  // POSTERN_TRANSPORT_COROUTINE_FRAMES_HPP
