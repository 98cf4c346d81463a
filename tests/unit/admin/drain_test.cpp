#include "admin/drain.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace postern::admin;
using namespace std::chrono_literals;
namespace asio = postern::transport::asio;

namespace {

struct Scene {
  asio::io_context context{1};
  std::vector<Drain::Duration> announced;
  int begun = 0;
  Drain drain{context, {[this](Drain::Duration after) { announced.push_back(after); }, [this] { ++begun; }}};
};

}  // namespace

TEST_CASE("an announced drain is unready at once and begins when its time has come") {
  Scene scene;
  CHECK(scene.drain.phase() == DrainPhase::serving);
  scene.drain.announce(1ms);
  CHECK(scene.drain.phase() == DrainPhase::announced);
  CHECK(scene.begun == 0);
  scene.context.run();
  CHECK(scene.drain.phase() == DrainPhase::refusing);
  CHECK(scene.begun == 1);
}

TEST_CASE("of several announcements the earliest end counts") {
  Scene scene;
  scene.drain.announce(1h);
  scene.drain.announce(2h);
  scene.drain.announce(1ms);
  CHECK(scene.announced == std::vector<Drain::Duration>{1h, 1ms});
  scene.context.run();
  CHECK(scene.begun == 1);
}

TEST_CASE("a signal begins at once, and nothing begins twice") {
  Scene scene;
  scene.drain.announce(1h);
  scene.drain.begin();
  scene.drain.begin();
  scene.drain.announce(0s);
  scene.context.run();
  CHECK(scene.begun == 1);
  CHECK(scene.announced.size() == 1);
}

TEST_CASE("who waits for a phase goes on when it has come, and at once where it has") {
  Scene scene;
  int refusing = 0, empty = 0;
  const auto count_at = [&scene](DrainPhase phase, int& count) -> postern::transport::Awaitable<> {
    co_await scene.drain.reached(phase);
    ++count;
  };
  asio::co_spawn(scene.context.get_executor(), count_at(DrainPhase::refusing, refusing), asio::detached);
  asio::co_spawn(scene.context.get_executor(), count_at(DrainPhase::empty, empty), asio::detached);
  scene.context.poll();
  CHECK(refusing + empty == 0);
  scene.drain.begin();
  scene.context.poll();
  CHECK(refusing == 1);
  CHECK(empty == 0);
  scene.drain.note_empty();
  scene.context.run();
  CHECK(empty == 1);
  asio::co_spawn(scene.context.get_executor(), count_at(DrainPhase::refusing, refusing), asio::detached);
  scene.context.restart();
  scene.context.run();
  CHECK(refusing == 2);
}
