#include "transport/coroutine_frames.hpp"

#include <doctest/doctest.h>

#include <thread>
#include <vector>

#include "transport/asio.hpp"

namespace postern::transport {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool keeps_frames = false;
#else
constexpr bool keeps_frames = true;
#endif

Awaitable<int> answer() {
  co_return 42;
}

TEST_CASE("a frame's memory is used again for a frame of about that size only") {
  void* const small = allocate_frame(100);
  const std::size_t before = kept_frame_bytes();
  deallocate_frame(small, 100);
  CHECK(kept_frame_bytes() == before + (keeps_frames ? 128 : 0));
  void* const other = allocate_frame(600);
  CHECK(other != small);
  if (keeps_frames) {
    void* const again = allocate_frame(120);
    CHECK(again == small);
    deallocate_frame(again, 120);
  }
  deallocate_frame(other, 600);
}

TEST_CASE("what is kept is bounded, and a frame larger than all classes is not kept") {
  std::vector<void*> frames;
  for (int i = 0; i < 2000; ++i) frames.push_back(allocate_frame(1000));
  for (void* const frame : frames) deallocate_frame(frame, 1000);
  CHECK(kept_frame_bytes() <= most_kept_frame_bytes);
  const std::size_t before = kept_frame_bytes();
  deallocate_frame(allocate_frame(100'000), 100'000);
  CHECK(kept_frame_bytes() == before);
}

TEST_CASE("a frame may end on another thread than it began on") {
  void* const frame = allocate_frame(200);
  std::size_t kept = 0;
  std::thread([&] {
    deallocate_frame(frame, 200);
    kept = kept_frame_bytes();
  }).join();
  CHECK(kept == (keeps_frames ? 256 : 0));
}

TEST_CASE("the frames of coroutines come from these lists") {
  asio::io_context context;
  const auto run = [&] {
    int result = 0;
    asio::co_spawn(context, answer(), [&](const std::exception_ptr&, int value) { result = value; });
    context.run();
    context.restart();
    return result;
  };
  CHECK(run() == 42);
  const std::size_t kept = kept_frame_bytes();
  CHECK((kept != 0) == keeps_frames);
  CHECK(run() == 42);
  CHECK(kept_frame_bytes() == kept);
}

}  // namespace
}  // namespace postern::transport
