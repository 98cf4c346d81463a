#include "transport/coroutine_frames.hpp"

#include <array>
#include <new>

namespace postern::transport {
namespace {

constexpr std::size_t step = 64;
constexpr std::size_t classes = 64;  // frames of up to 4 KiB; the largest, of a whole request, takes 2.3
#if defined(__SANITIZE_ADDRESS__)
constexpr bool keeps_frames = false;  // a frame that is used after its end is found
#else
constexpr bool keeps_frames = true;
#endif

struct Free {
  Free* next;
};

// Trivial, so that reaching it costs no check whether it was made.
struct Lists {
  std::array<Free*, classes> heads;
  std::size_t kept;
  bool watched;  // Releaser is there
  bool ended;
};

thread_local constinit Lists lists{};

// Frees the lists with the thread. Frames that end even later are not kept.
struct Releaser {
  Releaser() = default;
  Releaser(const Releaser&) = delete;
  Releaser& operator=(const Releaser&) = delete;
  ~Releaser() {
    lists.ended = true;
    for (Free*& head : lists.heads) {
      while (head != nullptr) {
        Free* const next = head->next;
        ::operator delete(head);
        head = next;
      }
    }
    lists.kept = 0;
  }
};

std::size_t class_of(std::size_t size) noexcept {
  return (size - 1) / step;
}

[[gnu::noinline]] void* allocate_anew(std::size_t size) {
  return ::operator new((class_of(size) + 1) * step);
}

[[gnu::noinline]] void watch_thread() {
  static thread_local const Releaser releaser;
  lists.watched = true;
}

}  // namespace

void* allocate_frame(std::size_t size) {
  const std::size_t index = class_of(size);
  if (index >= classes || lists.heads[index] == nullptr) return allocate_anew(size);
  Free* const frame = lists.heads[index];
  lists.heads[index] = frame->next;
  lists.kept -= (index + 1) * step;
  return frame;
}

void deallocate_frame(void* frame, std::size_t size) noexcept {
  const std::size_t index = class_of(size);
  if (!keeps_frames || index >= classes || lists.ended ||
      lists.kept > most_kept_frame_bytes - (index + 1) * step) {
    ::operator delete(frame);
    return;
  }
  if (!lists.watched) watch_thread();
  lists.heads[index] = new (frame) Free{lists.heads[index]};
  lists.kept += (index + 1) * step;
}

std::size_t kept_frame_bytes() noexcept {
  return lists.kept;
}

}  // namespace postern::transport
