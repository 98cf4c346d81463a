#include "relay/upstream_pool.hpp"

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <string_view>
#include <vector>

using namespace postern::relay;
using namespace std::chrono_literals;

namespace {

struct Idle {
  std::uint64_t user;
  std::chrono::milliseconds rested;
};

constexpr std::uint64_t nobody = 0;
constexpr std::uint64_t alice = 1;
constexpr std::uint64_t bob = 2;

}  // namespace

TEST_CASE("a request meets no connection that served somebody else a moment ago, if there is another") {
  struct Row {
    std::string_view why;
    std::vector<Idle> idle;  // oldest first
    std::uint64_t user;
    std::size_t chosen;
  };
  const Row rows[] = {
      {"the only one, though it was bob's", {{bob, 1ms}}, alice, 0},
      {"her own, whenever it was", {{bob, 3ms}, {alice, 2ms}, {bob, 1ms}}, alice, 1},
      {"the newest of her own", {{alice, 3ms}, {alice, 2ms}, {bob, 1ms}}, alice, 1},
      {"one that has rested", {{bob, 1s}, {bob, 999ms}, {bob, 1ms}}, alice, 0},
      {"the newest that has", {{bob, 3s}, {bob, 2s}, {bob, 1ms}}, alice, 1},
      {"her own before one that has rested", {{bob, 2s}, {alice, 2ms}, {bob, 1ms}}, alice, 1},
      {"none has: the oldest", {{bob, 3ms}, {bob, 2ms}, {bob, 1ms}}, alice, 0},
      {"nobody's after nobody's", {{bob, 2ms}, {nobody, 1ms}}, nobody, 1},
      {"nobody's is not hers", {{bob, 2ms}, {nobody, 1ms}}, alice, 0},
      {"hers is not nobody's", {{bob, 2ms}, {alice, 1ms}}, nobody, 0},
  };
  boost::asio::io_context context;
  const auto now = postern::transport::CoarseClock::time_point(1h);
  for (const Row& row : rows) {
    CAPTURE(row.why);
    UpstreamConnections idle;
    for (const Idle& one : row.idle) {
      idle.push_back(std::make_unique<UpstreamConnection>(context.get_executor()));
      idle.back()->user = one.user;
      idle.back()->idle_since = now - one.rested;
    }
    CHECK(choose_idle(idle, row.user, now) == row.chosen);
  }
}
