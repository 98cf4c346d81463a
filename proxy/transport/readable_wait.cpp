#include "transport/readable_wait.hpp"

#include <memory>
#include <utility>

#include "transport/lasting_operation.hpp"

namespace postern::transport {
namespace {

// Shared by the two waits, and gone with the later one.
template <class Handler>
struct State {
  Stream* streams[2];
  Handler handler;
  unsigned ended = 0;
  ReadableWait first{};
};

template <class Handler>
struct WaitEnd {
  std::shared_ptr<State<Handler>> state;
  bool second;

  void operator()(const error_code& error) {
    if (++state->ended == 1) {
      state->first = {error, second};
      return state->streams[second ? 0 : 1]->cancel();
    }
    const auto kept = std::move(state);
    std::move(kept->handler)(kept->first);
  }
};

}  // namespace

Awaitable<ReadableWait> wait_for_either(Stream& first, Stream& second) {
  return asio::async_initiate<const asio::use_awaitable_t<Executor>, void(ReadableWait)>(
      [&first, &second]<class Handler>(Handler handler) {
        const auto state =
            std::make_shared<State<Handler>>(State<Handler>{{&first, &second}, std::move(handler)});
        first.socket().async_wait(Socket::wait_read, lasting(WaitEnd<Handler>{state, false}));
        second.socket().async_wait(Socket::wait_read, lasting(WaitEnd<Handler>{state, true}));
      },
      asio::use_awaitable_t<Executor>{});
}

}  // namespace postern::transport
