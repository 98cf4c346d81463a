#include "relay/request/key_wait.hpp"

#include <chrono>
#include <memory>
#include <optional>

#include "relay/key_source.hpp"

namespace postern::relay {
namespace {

using transport::Awaitable;
using transport::Clock;

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

// Until `until` at the longest, or until the connection's wait is called off.
Awaitable<KeyAnswer> wait_for_key(ClientConnection& connection, std::size_t set, std::uint64_t earlier,
                                  Clock::time_point until) {
  RelayContext& context = connection.context;
  KeySource* const source = context.key_source();
  if (source == nullptr) co_return KeyAnswer{};
  // Cancelled by whatever ends the wait.
  transport::Timer answered(context.executor, Clock::time_point::max());
  const auto wait = std::make_shared<PendingKey>();
  wait->answered = &answered;
  const EndOfWait end{connection, *wait};
  connection.wakes(&answered);
  connection.wait_at_most(transport::DeadlineKind::key, until - Clock::now());
  source->want({set, context.keys.tokens().sets[set], earlier}, context.executor, [wait](KeyAnswer answer) {
    wait->answer = answer;
    if (wait->answered != nullptr) wait->answered->cancel();
  });
  co_await answered.async_wait(transport::use_tuple);
  co_return wait->answer;
}

}  // namespace

Awaitable<> judge_with_new_keys(ClientConnection& connection, Judgement& judgement, std::string_view client) {
  using namespace std::chrono;
  RelayContext& context = connection.context;
  const auto until = Clock::now() + longest_key_wait;
  std::uint64_t earlier = 0;
  bool fetched = false;
  std::optional<std::size_t> wanted;  // the set whose key it lacks
  if (judgement.verdict.key_wanted && judgement.verdict.key_wanted->fetchable) {
    wanted = judgement.verdict.key_wanted->set;
  }
  while (!fetched && judgement.verdict.key_wanted && judgement.verdict.key_wanted->fetchable) {
    const KeyAnswer answer =
        co_await wait_for_key(connection, judgement.verdict.key_wanted->set, earlier, until);
    if (answer.outcome == KeyAnswer::Outcome::refused) break;
    if (connection.interrupted() != Interruption::none) break;
    fetched = answer.outcome == KeyAnswer::Outcome::fetched;
    earlier = answer.fetch;
    const auto now = duration_cast<seconds>(system_clock::now().time_since_epoch()).count();
    judgement = judge_request(context, *connection.buffers, client, now, Clock::now(),
                              {connection.certificate(), fetched});
  }
  if (connection.interrupted() == Interruption::key_timeout) connection.forget_interruption();
  // An issuer that has given no set yet is not the client's fault, nor is a wait that was called off.
  const bool unknown = judgement.verdict.reason == token::text_of(token::TokenFault::unknown_key);
  if (wanted) {
    const bool lacks_key = judgement.verdict.key_wanted || unknown;
    context.count_unknown_kid(*wanted, observe::unknown_kid_of(lacks_key, fetched));
  }
  if (judgement.verdict.key_wanted && unknown && connection.interrupted() == Interruption::none) {
    note_failed_token(context, client, Clock::now());
  }
}

}  // namespace postern::relay
