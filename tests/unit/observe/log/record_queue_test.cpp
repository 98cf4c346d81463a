#include "observe/log/record_queue.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <thread>

using namespace postern::observe;

TEST_CASE("a record comes out as it went in") {
  const auto queue = std::make_unique<RecordQueue>();
  AccessRecord in;
  in.unix_microseconds = 42;
  in.request_id = "id";
  in.method = "GET";
  in.path = "/x";
  in.verdict = "refuse";
  in.reason = "expired";
  in.status = 401;
  in.total_microseconds = 7;
  in.level = Level::warn;
  in.sampled = 0.5F;
  in.trace_id = "t";
  in.upstream = "127.0.0.1:1";
  in.problem = "Connection refused";
  queue->push(in);

  AccessRecord out;
  std::string storage;
  REQUIRE(queue->pop(out, storage));
  CHECK(out.unix_microseconds == 42);
  CHECK(out.request_id == "id");
  CHECK(out.peer.empty());
  CHECK(out.method == "GET");
  CHECK(out.path == "/x");
  CHECK(out.reason == "expired");
  CHECK(out.status == 401);
  CHECK(out.total_microseconds == 7);
  CHECK(out.level == Level::warn);
  CHECK(out.sampled == 0.5F);
  CHECK(out.trace_id == "t");
  CHECK(out.upstream == "127.0.0.1:1");
  CHECK(out.problem == "Connection refused");
  CHECK_FALSE(queue->pop(out, storage));
}

TEST_CASE("a very long path is cut, the record stays whole") {
  const auto queue = std::make_unique<RecordQueue>();
  const std::string path(100'000, 'a');
  AccessRecord in;
  in.path = path;
  in.reason = "ok";
  queue->push(in);
  AccessRecord out;
  std::string storage;
  REQUIRE(queue->pop(out, storage));
  CHECK(out.path == std::string(2048, 'a'));
  CHECK(out.reason == "ok");
}

TEST_CASE("a full queue drops new records, counts them, and goes on") {
  const auto queue = std::make_unique<RecordQueue>();
  const std::string path(2048, 'a');
  AccessRecord in;
  in.path = path;
  for (int i = 0; i < 1000; ++i) queue->push(in);
  const auto dropped = queue->take_dropped();
  CHECK(dropped > 0);
  CHECK(queue->take_dropped() == 0);
  CHECK(queue->dropped() == dropped);
  AccessRecord out;
  std::string storage;
  std::uint64_t kept = 0;
  while (queue->pop(out, storage)) {
    CHECK(out.path == path);
    ++kept;
  }
  CHECK(kept + dropped == 1000);
  queue->push(in);
  CHECK(queue->pop(out, storage));
}

TEST_CASE("one writer and one reader on two threads lose nothing that was not counted") {
  const auto queue = std::make_unique<RecordQueue>();
  constexpr std::uint64_t count = 20'000;
  std::thread writer([&] {
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::string id = std::to_string(i);
      AccessRecord record;
      record.bytes_out = i;
      record.request_id = id;
      queue->push(record);
    }
  });
  std::uint64_t seen = 0;
  std::uint64_t dropped = 0;
  std::uint64_t last = 0;
  AccessRecord record;
  std::string storage;
  while (seen + dropped < count) {
    dropped += queue->take_dropped();
    while (queue->pop(record, storage)) {
      REQUIRE(record.request_id == std::to_string(record.bytes_out));
      REQUIRE((seen == 0 || record.bytes_out > last));
      last = record.bytes_out;
      ++seen;
    }
  }
  writer.join();
  CHECK(seen + dropped == count);
}

TEST_CASE("an empty queue takes up no memory for its ring") {
  constexpr char untouched = 0x5A;
  const std::size_t size = sizeof(RecordQueue);
  const auto room = std::make_unique<char[]>(size + alignof(RecordQueue));
  std::memset(room.get(), untouched, size + alignof(RecordQueue));
  void* place = room.get();
  std::size_t space = size + alignof(RecordQueue);
  REQUIRE(std::align(alignof(RecordQueue), size, place, space) != nullptr);
  RecordQueue* const queue = ::new (place) RecordQueue();
  const char* const bytes = static_cast<const char*>(place);
  CHECK(std::count(bytes, bytes + size, untouched) > static_cast<std::ptrdiff_t>(size - 4096));
  queue->~RecordQueue();
}
