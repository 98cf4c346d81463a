#include "transport/readable_wait.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <optional>

using namespace postern::transport;

namespace {

// Two connections, and the far end of each.
struct Scene {
  asio::io_context context;
  Stream streams[2] = {Stream(context.get_executor()), Stream(context.get_executor())};
  int far[2] = {-1, -1};
  std::optional<ReadableWait> seen;

  Scene() {
    for (int i : {0, 1}) {
      int pair[2] = {-1, -1};
      REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0);
      streams[i].socket().assign(Protocol(AF_UNIX, 0), pair[0]);
      far[i] = pair[1];
    }
    asio::co_spawn(
        context.get_executor(),
        [this]() -> Awaitable<> { seen = co_await wait_for_either(streams[0], streams[1]); }, asio::detached);
    context.poll();
    REQUIRE_FALSE(seen);
  }
  ~Scene() {
    for (const int end : far) {
      if (end >= 0) ::close(end);
    }
  }
  void speak(int which) { REQUIRE(::write(far[which], "x", 1) == 1); }
};

}  // namespace

TEST_CASE("whoever speaks first ends the wait for both") {
  for (const int which : {0, 1}) {
    CAPTURE(which);
    Scene scene;
    scene.speak(which);
    scene.context.run();
    REQUIRE(scene.seen);
    CHECK_FALSE(scene.seen->error);
    CHECK(scene.seen->second == (which == 1));
  }
}

TEST_CASE("two that speak at once end it once, and both have their bytes") {
  Scene scene;
  scene.speak(1);
  scene.speak(0);
  scene.context.run();
  REQUIRE(scene.seen);
  CHECK_FALSE(scene.seen->error);
  for (Stream& stream : scene.streams) {
    char byte = 0;
    CHECK(::recv(stream.descriptor(), &byte, 1, MSG_DONTWAIT) == 1);
  }
}

TEST_CASE("an end is readable") {
  Scene scene;
  ::close(scene.far[1]);
  scene.far[1] = -1;
  scene.context.run();
  REQUIRE(scene.seen);
  CHECK_FALSE(scene.seen->error);
  CHECK(scene.seen->second);
}

TEST_CASE("cancelling or closing ends it with an error") {
  for (const bool close : {false, true}) {
    CAPTURE(close);
    Scene scene;
    if (close) {
      scene.streams[1].close();
    } else {
      scene.streams[0].cancel();
      scene.streams[1].cancel();
    }
    scene.context.run();
    REQUIRE(scene.seen);
    CHECK(scene.seen->error == asio::error::operation_aborted);
    CHECK(scene.seen->second == close);
  }
}

TEST_CASE("a wait that is never over leaves nothing behind") {
  const Scene scene;
}
