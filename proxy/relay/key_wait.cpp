#include "relay/key_wait.hpp"

#include <memory>

namespace postern::relay {
namespace {

// Outlives whichever of the two comes later, the answer or the end of the wait.
struct PendingKey {
  transport::Timer* answered = nullptr;  // null: nobody waits any more
  KeyAnswer answer;
};

struct EndOfWait {
  ClientConnection& connection;
  PendingKey& wait;

  ~EndOfWait() {
    wait.answered = nullptr;
    connection.wakes(nullptr);
  }
};

}  // namespace

transport::Awaitable<KeyAnswer> wait_for_key(ClientConnection& connection, std::size_t set,
                                             std::uint64_t earlier, transport::Clock::time_point until) {
  RelayContext& context = connection.context;
  KeySource* const source = context.key_source();
  if (source == nullptr) co_return KeyAnswer{};
  // Cancelled by whatever ends the wait.
  transport::Timer answered(context.executor, transport::Clock::time_point::max());
  const auto wait = std::make_shared<PendingKey>();
  wait->answered = &answered;
  const EndOfWait end{connection, *wait};
  connection.wakes(&answered);
  connection.wait_at_most(transport::DeadlineKind::key, until - transport::Clock::now());
  source->want({set, context.tokens().sets[set], earlier}, context.executor, [wait](KeyAnswer answer) {
    wait->answer = answer;
    if (wait->answered != nullptr) wait->answered->cancel();
  });
  co_await answered.async_wait(transport::use_tuple);
  co_return wait->answer;
}

}  // namespace postern::relay
