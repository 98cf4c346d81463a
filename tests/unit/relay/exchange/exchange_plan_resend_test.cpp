// When a request is sent a second time, and how long each way waits.
#include <doctest/doctest.h>

#include <string_view>

#include "plan_scene.hpp"

using namespace postern::relay;
using namespace postern::relay::scene;
using namespace std::chrono_literals;

TEST_CASE("a request is sent again only where the upstream cannot have acted on it") {
  struct Row {
    std::string_view why;
    RequestFacts request;
    Script before;
    Happens happens;
    bool again;
  };
  const Happens closed{Event::upstream_ended, 1ms};
  const Happens reset{Event::upstream_failed, 1ms};
  const Row rows[] = {
      {"closed while it rested", get, sent_again, closed, true},
      {"reset while it rested", get, sent_again, reset, true},
      {"known within a second", get, sent_again, {Event::upstream_ended, resend_within}, true},
      {"known later: it may have been acted on",
       get,
       sent_again,
       {Event::upstream_ended, resend_within + 1ns},
       false},
      {"reset later", get, sent_again, {Event::upstream_failed, 4s}, false},
      {"when it was sent is not known", get, sent_again, {Event::upstream_ended}, false},
      {"a fresh connection has not rested", get, sent, closed, false},
      {"a method that changes something", post, sent_again, closed, false},
      {"the same, reset", post, sent_again, reset, false},
      {"a safe method whose body is still coming", get_upload, reused + Script{Event::head_sent}, closed,
       false},
      {"and whose body has come", get_upload, reused + Script{Event::head_sent, Event::request_sent}, closed,
       false},
      {"a byte of an answer was seen", get, sent_again + Script{Event::answer_began}, closed, false},
      {"an interim response was seen", get,
       sent_again + Script{Event::answer_began, hints, Event::interim_passed}, closed, false},
      {"one that was not passed on", get, sent_again + Script{Event::answer_began, proceed}, closed, false},
      {"it broke off in the middle of the request", get, reused + Script{Event::sending_failed}, reset, true},
      {"the same with a method that changes something", post, reused + Script{Event::sending_failed}, reset,
       false},
      {"not a byte could be sent", get, reused, {Event::nothing_sent}, true},
      {"not a byte of what changes something", post, reused, {Event::nothing_sent}, true},
      {"not a byte, and a body is to follow", upload, reused, {Event::nothing_sent}, true},
      {"not a byte on a fresh connection: the next would fare no better",
       get,
       fresh,
       {Event::nothing_sent},
       false},
      {"the second connection is a fresh one", get,
       sent_again + Script{closed, Event::connected, Event::request_sent}, closed, false},
      {"the client has left", get, sent_again + Script{Event::client_left}, closed, false},
      {"the answer was waited for long enough", get, sent_again + Script{Event::response_timed_out}, closed,
       false},
      {"the process ends", get, sent_again + Script{Event::drained}, closed, false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    ExchangePlan plan = after(row.request, row.before);
    const Action next = tell(plan, row.happens);
    CHECK((next == Action::connect) == row.again);
    if (row.again) CHECK_FALSE(plan.over());
  }
}

TEST_CASE("a request sent again ends as well as one sent once") {
  const Script again[] = {
      sent_again + Script{Happens{Event::upstream_failed, 1ms}},
      reused + Script{Event::nothing_sent},
      reused + Script{Event::sending_failed, Happens{Event::upstream_failed, 1ms}},
  };
  for (const Script& script : again) {
    const auto outcome = after(get, script + sent + Script{Event::answer_began, sized, Event::response_ended})
                             .outcome(false, true, true);
    CHECK(outcome.ending == Ending::ok);
    CHECK(outcome.client == ClientFate::keep);
    CHECK(outcome.reuse_upstream);
  }
}

TEST_CASE("an idle connection that takes no byte of a request is not the exchange's failure") {
  for (const RequestFacts& request : {get, post, upload}) {
    ExchangePlan plan = after(request, reused + Script{Event::nothing_sent});
    CHECK_FALSE(plan.failed());
    CHECK(plan.on(Event::unreachable) == Action::finish);
    CHECK(plan.outcome(false, true, true).ending == Ending::unreachable);
  }
}

TEST_CASE("each wait is as long as the side that is waited for may take") {
  struct Row {
    std::string_view why;
    RequestFacts request;
    Script script;
    Wait wait;
    Patience patience;
  };
  const Script early = body_coming + Script{Event::answer_began, sized};
  const Row rows[] = {
      {"the upstream is to take a request", get, fresh, Wait::send_upstream, Patience::upload},
      {"or a body", upload, body_coming, Wait::send_upstream, Patience::upload},
      {"or a body although it has answered: who reads the answer is served", upload, early,
       Wait::send_upstream, Patience::stream},
      {"the client is to send its body", upload, body_coming, Wait::read_client, Patience::stream},
      {"it waits for 100 (Continue)", expecting, body_coming, Wait::read_client, Patience::upload},
      {"it has 100 (Continue)", expecting,
       body_coming + Script{Event::answer_began, proceed, Event::interim_passed}, Wait::read_client,
       Patience::stream},
      {"and its body is what the upstream waits for", expecting,
       body_coming + Script{Event::answer_began, proceed, Event::interim_passed}, Wait::read_upstream,
       Patience::stream},
      {"which has begun to come", expecting,
       body_coming + Script{Event::answer_began, proceed, Event::interim_passed, Event::body_piece},
       Wait::read_upstream, Patience::none},
      {"which it had in full", expecting, sent + Script{Event::answer_began, proceed, Event::interim_passed},
       Wait::read_upstream, Patience::response},
      {"it did not wait for it", expecting, body_coming + Script{Event::body_piece}, Wait::read_client,
       Patience::stream},
      {"it has a final answer instead", expecting, early, Wait::read_client, Patience::stream},
      {"103 does not ask for the body", expecting,
       body_coming + Script{Event::answer_began, hints, Event::interim_passed}, Wait::read_client,
       Patience::upload},
      {"the upstream is to answer", get, sent, Wait::read_upstream, Patience::response},
      {"it has begun to", get, began, Wait::read_upstream, Patience::response},
      {"it has sent an interim response", get, began + Script{hints, Event::interim_passed},
       Wait::read_upstream, Patience::response},
      {"it takes no more and is to answer", upload, body_coming + Script{Event::sending_failed},
       Wait::read_upstream, Patience::response},
      {"while the body comes, the body is what counts", upload, body_coming, Wait::read_upstream,
       Patience::none},
      {"an interim response waits for the client", get, began + Script{hints}, Wait::read_upstream,
       Patience::stream},
      {"a response moves", get, began + Script{sized}, Wait::read_upstream, Patience::stream},
      {"a websocket", websocket, began + Script{switching}, Wait::read_upstream, Patience::stream},
      {"the client is to take a response", get, began + Script{sized}, Wait::send_client, Patience::stream},
      {"or an interim one", get, began + Script{hints}, Wait::send_client, Patience::stream},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(after(row.request, row.script).patience_for(row.wait) == row.patience);
  }
}

TEST_CASE("an operation that was called off ended by what called it off") {
  struct Row {
    Interruption interruption;
    Event event;
  };
  const Event itself = Event::upstream_failed;
  const Row rows[] = {
      {Interruption::none, itself},
      {Interruption::idle_timeout, itself},  // of no exchange
      {Interruption::head_timeout, itself},
      {Interruption::connect_timeout, Event::connect_timed_out},
      {Interruption::upload_timeout, Event::upload_timed_out},
      {Interruption::response_timeout, Event::response_timed_out},
      {Interruption::stream_timeout, Event::stream_timed_out},
      {Interruption::token_expired, Event::token_expired},
      {Interruption::linger_timeout,
       Event::client_left},  // it ended its side of a websocket, and was given time
      {Interruption::drained, Event::drained},
      {Interruption::client_left, Event::client_left},
  };
  for (const Row& row : rows) {
    CAPTURE(static_cast<int>(row.interruption));
    CHECK(event_of(row.interruption, itself) == row.event);
  }
}

TEST_CASE("the log has a word for each ending, and knows whose fault it was") {
  struct Row {
    Ending ending;
    std::string_view text;
    bool upstream;
  };
  const Row rows[] = {
      {Ending::ok, "ok", false},
      {Ending::unreachable, "upstream unreachable", true},
      {Ending::closed_early, "upstream closed early", true},
      {Ending::malformed_response, "malformed upstream response", true},
      {Ending::response_head_too_large, "upstream head too large", true},
      {Ending::response_cut_short, "upstream response cut short", true},
      {Ending::response_timeout, "upstream timeout", true},
      {Ending::stream_timeout, "stream idle timeout", false},
      {Ending::token_expired, "token expired while streaming", false},
      {Ending::drained, "cut by the drain", false},
      {Ending::client_left, "client went away", false},
      {Ending::body_malformed, "malformed chunked body", false},
      {Ending::body_too_large, "body too large", false},
  };
  for (const Row& row : rows) {
    CHECK(text_of(row.ending) == row.text);
    CHECK(is_upstream_fault(row.ending) == row.upstream);
  }
}

TEST_CASE("the response's head says whether the client's connection goes on") {
  struct Row {
    std::string_view why;
    RequestFacts request;
    Script script;
    ResponseFacts head;
    bool stays;
    bool keeps;
    bool dechunks;
  };
  const Row rows[] = {
      {"it may", get, began, sized, true, true, false},
      {"with chunks too", get, began, chunked, true, true, false},
      {"whatever the upstream's does", get, began, sized_and_close, true, true, false},
      {"the process ends", get, began, sized, false, false, false},
      {"the client wants no more", get_and_close, began, sized, true, false, false},
      {"only closing marks the end", get, began, until_close, true, false, false},
      {"the client knows no chunks", get_1_0, began, chunked, true, false, true},
      {"the request is still coming", upload, body_coming, sized, true, false, false},
      {"the request could not be sent whole", post, fresh + Script{Event::sending_failed}, sized, true, false,
       false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    ExchangePlan plan = after(row.request, row.script);
    plan.on_head(row.head, row.stays);
    CHECK(plan.keeps_client() == row.keeps);
    CHECK(plan.dechunks() == row.dechunks);
  }
}
