#include "relay/request_buffers.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string_view>

using namespace postern::relay;

namespace {

void put(Buffer& buffer, std::string_view text) {
  REQUIRE(text.size() <= buffer.room().size());
  std::copy(text.begin(), text.end(), buffer.room().begin());
  buffer.filled(text.size());
}

}  // namespace

TEST_CASE("a buffer is filled at its end and taken from its front") {
  Buffer buffer(8);
  CHECK(buffer.size() == 0);
  CHECK(buffer.room().size() == 8);
  put(buffer, "abcdef");
  CHECK(buffer.data() == "abcdef");
  buffer.take(4);
  CHECK(buffer.data() == "ef");
  CHECK(buffer.room().size() == 2);
  put(buffer, "gh");
  CHECK(buffer.data() == "efgh");
  CHECK(buffer.room().empty());
}

TEST_CASE("rewinding makes room and moves what is left") {
  struct Row {
    std::string_view why;
    std::string_view text;
    std::size_t taken;
    std::size_t kept;
    std::string_view left;
    std::size_t room;
  };
  const Row rows[] = {
      {"nothing is taken", "abcdef", 0, 0, "abcdef", 2},
      {"a part is taken", "abcdef", 4, 0, "ef", 6},
      {"all is taken", "abcdef", 6, 0, "", 8},
      {"it is full", "abcdefgh", 8, 0, "", 8},
      {"a head stays", "HHbody", 4, 2, "dy", 4},
      {"a head stays, and all is taken", "HHbody", 6, 2, "", 6},
      {"no more is taken than stays", "HHbody", 2, 2, "body", 2},
      {"less is taken than stays", "HHbody", 1, 2, "Hbody", 2},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    Buffer buffer(8);
    put(buffer, row.text);
    const char* const storage = buffer.data().data();
    buffer.take(row.taken);
    buffer.rewind(row.kept);
    CHECK(buffer.data() == row.left);
    CHECK(buffer.room().size() == row.room);
    // Views of the head still hold.
    CHECK(std::string_view(storage, row.kept) == row.text.substr(0, row.kept));
  }
}

TEST_CASE("a cleared buffer has all its room, and its memory stays where it was") {
  Buffer buffer(8);
  const char* const storage = buffer.room().data();
  put(buffer, "abcdef");
  buffer.take(3);
  buffer.clear();
  CHECK(buffer.size() == 0);
  CHECK(buffer.room().size() == 8);
  CHECK(buffer.room().data() == storage);
}

TEST_CASE("buffers that come back are as new, with the memory they had") {
  RequestBuffersPool pool(1024);
  auto buffers = pool.borrow();
  RequestBuffers* const first = buffers.get();
  CHECK(buffers->from_client.room().size() == 1024 + RequestBuffers::body_bytes);
  put(buffers->from_client, "GET");
  put(buffers->from_upstream, "HTTP");
  buffers->to_client.assign(4 * RequestBuffers::body_bytes, 'x');
  pool.give_back(std::move(buffers));
  buffers = pool.borrow();
  CHECK(buffers.get() == first);
  CHECK(buffers->from_client.size() == 0);
  CHECK(buffers->from_upstream.size() == 0);
  CHECK(buffers->to_client.empty());
  CHECK(buffers->to_client.capacity() <= RequestBuffers::body_bytes);
}

TEST_CASE("buffers are scarce while more than a few are out") {
  RequestBuffersPool pool(64);
  std::vector<std::unique_ptr<RequestBuffers>> out;
  while (!pool.is_scarce() && out.size() < 1000) out.push_back(pool.borrow());
  CHECK(out.size() == 65);
  pool.retire(std::move(out.back()));
  CHECK_FALSE(pool.is_scarce());
}
