// Every event in every state of an exchange: this happened while that was under way.
#include <doctest/doctest.h>

#include "plan_states.hpp"

using namespace postern::relay;
using namespace postern::relay::scene;
using postern::gate::Answer;

namespace {

// Events after which the exchange is over, with the reason before and after the response started.
struct Failure {
  Event event;
  Ending before;
  Answer answer;
  Ending after;
};

const Failure failures[] = {
    {Event::unreachable, Ending::unreachable, Answer::bad_gateway, Ending::unreachable},
    {Event::connect_timed_out, Ending::unreachable, Answer::bad_gateway, Ending::unreachable},
    {Event::body_malformed, Ending::body_malformed, Answer::bad_request, Ending::body_malformed},
    {Event::body_too_large, Ending::body_too_large, Answer::content_too_large, Ending::body_too_large},
    {Event::head_malformed, Ending::malformed_response, Answer::bad_gateway, Ending::malformed_response},
    {Event::head_too_large, Ending::response_head_too_large, Answer::bad_gateway,
     Ending::response_head_too_large},
    {Event::body_garbled, Ending::malformed_response, Answer::bad_gateway, Ending::malformed_response},
    {Event::upstream_ended, Ending::closed_early, Answer::bad_gateway, Ending::response_cut_short},
    {Event::upstream_failed, Ending::closed_early, Answer::bad_gateway, Ending::response_cut_short},
    {Event::client_failed, Ending::client_left, Answer::none, Ending::client_left},
    {Event::client_left, Ending::client_left, Answer::none, Ending::client_left},
    {Event::upload_timed_out, Ending::response_timeout, Answer::gateway_timeout, Ending::stream_timeout},
    {Event::response_timed_out, Ending::response_timeout, Answer::gateway_timeout, Ending::stream_timeout},
    {Event::stream_timed_out, Ending::stream_timeout, Answer::none, Ending::stream_timeout},
    {Event::token_expired, Ending::token_expired, Answer::token_expired, Ending::token_expired},
    {Event::drained, Ending::drained, Answer::none, Ending::drained},
};

ClientFate fate_of(Voice voice, Answer answer) {
  switch (voice) {
    case Voice::answer_and_keep:
      return answer == Answer::none ? ClientFate::close : ClientFate::keep;
    case Voice::answer_and_linger:
      return answer == Answer::none ? ClientFate::close : ClientFate::linger;
    case Voice::nothing:
      return ClientFate::close;
    case Voice::reset:
      return ClientFate::reset;
  }
  return ClientFate::close;
}

bool may_speak(Voice voice) {
  return voice == Voice::answer_and_keep || voice == Voice::answer_and_linger;
}

// An orderly end completes such a response.
bool ends_in_order(const State& state, Event event) {
  return event == Event::upstream_ended && state.response_started && state.voice == Voice::reset &&
         !state.request.http_1_0;
}

}  // namespace

TEST_CASE("each failure is told as the state of the exchange allows") {
  for (const State& state : states) {
    for (const Failure& failure : failures) {
      CAPTURE(state.name);
      CAPTURE(static_cast<int>(failure.event));
      ExchangePlan plan = after(state.request, state.script);
      CHECK(plan.on(failure.event) == Action::finish);
      CHECK(plan.over());
      const Outcome outcome = plan.outcome(false, true, true);
      if (ends_in_order(state, failure.event)) {
        CHECK(outcome.ending == Ending::ok);
        continue;
      }
      const Answer answer = may_speak(state.voice) ? failure.answer : Answer::none;
      CHECK(text_of(outcome.ending) == text_of(state.response_started ? failure.after : failure.before));
      CHECK(outcome.answer == answer);
      CHECK(outcome.client == fate_of(state.voice, answer));
      CHECK_FALSE(outcome.reuse_upstream);
    }
  }
}

TEST_CASE("the first failure is the cause, whatever it makes fail afterwards") {
  for (const State& state : states) {
    for (const Failure& first : failures) {
      ExchangePlan plan = after(state.request, state.script);
      plan.on(first.event);
      const Outcome expected = plan.outcome(false, true, true);
      for (const Step& second : all_steps) {
        if (is_head(second)) continue;  // nothing is read any more
        ExchangePlan later = plan;
        tell(later, second);
        const Outcome outcome = later.outcome(false, true, true);
        CAPTURE(state.name);
        CAPTURE(static_cast<int>(first.event));
        CAPTURE(static_cast<int>(event_in(second)));
        CHECK(outcome.ending == expected.ending);
        CHECK(later.over());
      }
    }
  }
}

TEST_CASE("what fails behind a response's last byte changes nothing for the client") {
  for (const Script& before : {began + Script{sized}, began + Script{chunked}, began + Script{switching}}) {
    for (const Failure& failure : failures) {
      ExchangePlan plan = after(websocket, before + Script{Event::response_ended});
      const ClientFate expected = plan.outcome(false, true, true).client;
      plan.on(failure.event);
      CAPTURE(static_cast<int>(failure.event));
      CHECK(plan.outcome(false, true, true).ending == Ending::ok);
      CHECK(plan.outcome(false, true, true).client == expected);
    }
  }
}
