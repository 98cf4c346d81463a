// What holds after any sequence of events, also after ones that no exchange brings about.
#include <doctest/doctest.h>

#include <string>

#include "plan_states.hpp"

using namespace postern::relay;
using namespace postern::relay::scene;
using postern::gate::Answer;

namespace {

// What a sequence of events has meant so far, noted beside the plan.
struct Notes {
  bool reused = false;
  bool broken = false;
  bool sent = false;
  bool answer_seen = false;
};

void note(Notes& notes, const Step& step) {
  if (is_head(step)) {
    notes.answer_seen = true;
    return;
  }
  switch (event_in(step)) {
    case Event::reused:
    case Event::connected:
      notes.reused = event_in(step) == Event::reused;
      notes.sent = false;
      break;
    case Event::request_sent:
      notes.sent = true;
      break;
    case Event::sending_failed:
    case Event::nothing_sent:
      notes.broken = true;
      notes.sent = false;
      break;
    case Event::answer_began:
      notes.answer_seen = true;
      break;
    default:
      break;
  }
}

bool may_connect_again(const RequestFacts& request, const Notes& notes, const Step& step) {
  if (is_head(step) || !notes.reused) return false;
  if (event_in(step) == Event::nothing_sent) return true;
  const auto* timed = std::get_if<Happens>(&step);
  return timed != nullptr && request.safe && request.whole && !notes.answer_seen &&
         timed->since_sent <= resend_within;
}

// No CHECK for each of a million: the first one that does not hold is named.
std::string_view broken_promise(const RequestFacts& request, const ExchangePlan& plan, const Notes& notes) {
  const Outcome outcome = plan.outcome(false, true, true);
  const bool answered = outcome.answer != Answer::none;
  if (answered && (plan.response_started() || plan.passing_interim()))
    return "an answer behind a response's bytes";
  if (answered && outcome.ending == Ending::ok) return "an answer without a cause";
  if (outcome.reuse_upstream && (outcome.ending != Ending::ok || notes.broken || !notes.sent)) {
    return "a connection used again that is not at rest";
  }
  if (outcome.client == ClientFate::reset && !(plan.failed() && plan.response_started())) {
    return "a reset without a response that it cuts";
  }
  if (outcome.client == ClientFate::keep && plan.failed() && !(answered && request.whole)) {
    return "a client kept that was told nothing, or is still sending";
  }
  if (outcome.client == ClientFate::keep && !plan.failed() && !request.keep_alive) {
    return "a client kept that wants no more";
  }
  return {};
}

struct Search {
  const State& state;
  std::vector<Step> path{};
  std::string_view found{};

  void go(const ExchangePlan& plan, const Notes& notes, int depth) {
    if (depth == 0 || plan.over()) return;
    for (const Step& step : all_steps) {
      // A head is read only while one is awaited.
      if (is_head(step) && (plan.response_started() || plan.passing_interim())) continue;
      ExchangePlan next = plan;
      const Action action = tell(next, step);
      if (found.empty() && action == Action::connect && !may_connect_again(state.request, notes, step)) {
        found = "a request sent again that the upstream may have acted on";
      }
      Notes noted = notes;
      note(noted, step);
      if (action == Action::connect) noted.broken = false;
      if (found.empty()) found = broken_promise(state.request, next, noted);
      if (!found.empty()) {
        path.push_back(step);
        return;
      }
      path.push_back(step);
      go(next, noted, depth - 1);
      if (!found.empty()) return;
      path.pop_back();
    }
  }
};

std::string shown(const std::vector<Step>& path) {
  std::string text;
  for (const Step& step : path) {
    text += is_head(step) ? "head " + std::to_string(std::get<ResponseFacts>(step).status)
                          : "event " + std::to_string(static_cast<int>(event_in(step)));
    text += ", ";
  }
  return text;
}

}  // namespace

TEST_CASE("no three events in a row, in any state, break a promise") {
  for (const State& state : states) {
    Notes notes;
    for (const Step& step : state.script) note(notes, step);
    Search search{state};
    search.go(after(state.request, state.script), notes, 3);
    CAPTURE(state.name);
    CAPTURE(shown(search.path));
    CHECK(search.found == "");
  }
}
