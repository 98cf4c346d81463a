#pragma once
// For an operation that may be under way for minutes. Asio keeps blocks for the next operations, and would
// give it one that is larger than it needs.

#include <boost/asio/bind_allocator.hpp>
#include <cstddef>
#include <new>
#include <utility>

namespace postern::transport {

// As std::allocator, which Asio takes for the absence of one.
template <class T>
struct HeapAllocator {
  using value_type = T;
  HeapAllocator() = default;
  template <class U>
  HeapAllocator(const HeapAllocator<U>&) noexcept {}  // NOLINT(google-explicit-constructor)
  T* allocate(std::size_t count) { return static_cast<T*>(::operator new(count * sizeof(T))); }
  void deallocate(T* memory, std::size_t) noexcept { ::operator delete(memory); }
  bool operator==(const HeapAllocator&) const = default;
};

template <class Handler>
auto lasting(Handler handler) {
  return boost::asio::bind_allocator(HeapAllocator<char>(), std::move(handler));
}

}  // namespace postern::transport
