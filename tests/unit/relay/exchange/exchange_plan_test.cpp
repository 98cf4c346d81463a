#include "relay/exchange/exchange_plan.hpp"

#include <doctest/doctest.h>

#include <string>

#include "plan_scene.hpp"

using namespace postern::relay;
using namespace postern::relay::scene;
using postern::gate::Answer;

namespace {

struct Row {
  std::string_view why;
  RequestFacts request;
  Script script;
  Action last;
  Ending ending;
  Answer answer;
  ClientFate client;
  bool reuse = false;
  bool unread = false;
  bool quiet = true;
  bool stays = true;
};

void check(const Row& row) {
  CAPTURE(row.why);
  ExchangePlan plan(row.request);
  Action last = Action::go_on;
  for (const Step& step : row.script) last = tell(plan, step, row.stays);
  CHECK(last == row.last);
  const Outcome outcome = plan.outcome(row.unread, row.quiet, row.stays);
  CHECK(text_of(outcome.ending) == text_of(row.ending));
  CHECK(outcome.answer == row.answer);
  CHECK(outcome.client == row.client);
  CHECK(outcome.reuse_upstream == row.reuse);
}

constexpr auto finish = Action::finish;
constexpr auto none = Answer::none;

}  // namespace

TEST_CASE("a response that ended in order keeps what may be kept") {
  const Script answered = sent + Script{Event::answer_began, sized, Event::response_ended};
  const Script until_end = began + Script{until_close, Event::upstream_ended};
  const Script early = body_coming + Script{Event::answer_began, sized, Event::response_ended};
  const Row rows[] = {
      {"both go on", get, answered, finish, Ending::ok, none, ClientFate::keep, true},
      {"a method that changes something too", post, answered, finish, Ending::ok, none, ClientFate::keep,
       true},
      {"more is pipelined", get, answered, finish, Ending::ok, none, ClientFate::keep, true, true},
      {"bytes came behind the response", get, answered, finish, Ending::ok, none, ClientFate::keep, false,
       false, false},
      {"the process ends", get, answered, finish, Ending::ok, none, ClientFate::linger, false, false, true,
       false},
      {"the client wants no more", get_and_close, answered, finish, Ending::ok, none, ClientFate::close,
       true},
      {"and yet sent more", get_and_close, answered, finish, Ending::ok, none, ClientFate::linger, true,
       true},
      {"a TLS client says goodbye", get_by_tls, answered, finish, Ending::ok, none, ClientFate::linger, true},
      {"the upstream wants no more", get, began + Script{sized_and_close, Event::response_ended}, finish,
       Ending::ok, none, ClientFate::keep},
      {"chunks", get, began + Script{chunked, Event::response_ended}, finish, Ending::ok, none,
       ClientFate::keep, true},
      {"chunks for a client that knows none", get_1_0, began + Script{chunked, Event::response_ended}, finish,
       Ending::ok, none, ClientFate::close, true},
      {"an end by closing", get, until_end, finish, Ending::ok, none, ClientFate::linger},
      {"the same for a client that wants no more", get_and_close, until_end, finish, Ending::ok, none,
       ClientFate::close},
      {"an answer before the body is read", upload, early, finish, Ending::ok, none, ClientFate::linger},
      {"the same, and the body ends during the answer", upload,
       body_coming + Script{Event::answer_began, sized, Event::request_sent, Event::response_ended}, finish,
       Ending::ok, none, ClientFate::linger, true},
      {"a body that ends before the answer", upload,
       body_coming +
           Script{Event::body_piece, Event::request_sent, Event::answer_began, sized, Event::response_ended},
       finish, Ending::ok, none, ClientFate::keep, true},
      {"an answer although the upstream takes no more", post,
       fresh + Script{Event::sending_failed, Event::answer_began, sized, Event::response_ended}, finish,
       Ending::ok, none, ClientFate::linger},
      {"the same while the body comes", upload,
       body_coming + Script{Event::sending_failed, Event::answer_began, sized, Event::response_ended}, finish,
       Ending::ok, none, ClientFate::linger},
      {"a websocket that both ended", websocket, began + Script{switching, Event::response_ended}, finish,
       Ending::ok, none, ClientFate::linger},
  };
  for (const Row& row : rows) check(row);
}

TEST_CASE("each fault has its answer, its reason and its end of the client's connection") {
  const auto keep = ClientFate::keep;
  const auto close = ClientFate::close;
  const auto linger = ClientFate::linger;
  const auto reset = ClientFate::reset;
  const auto bad_gateway = Answer::bad_gateway;
  const auto timeout = Answer::gateway_timeout;
  const Script relaying = began + Script{sized};
  const Script relaying_chunks = began + Script{chunked};
  const Script relaying_until_close = began + Script{until_close};
  const Row rows[] = {
      // Of the client.
      {"the body stops coming", upload, body_coming + Script{Event::stream_timed_out}, finish,
       Ending::stream_timeout, none, close},
      {"malformed chunks", upload, body_coming + Script{Event::body_malformed}, finish,
       Ending::body_malformed, Answer::bad_request, linger},
      {"too large", upload, body_coming + Script{Event::body_too_large}, finish, Ending::body_too_large,
       Answer::content_too_large, linger},
      {"malformed chunks behind an early answer", upload,
       body_coming + Script{Event::answer_began, sized, Event::body_malformed}, finish,
       Ending::body_malformed, none, close},
      {"the client ends within its body", upload, body_coming + Script{Event::client_failed}, finish,
       Ending::client_left, none, close},
      {"the client leaves before the answer", get, sent + Script{Event::client_left}, finish,
       Ending::client_left, none, close},
      {"the client leaves while a connection is made",
       get,
       {Event::client_left},
       finish,
       Ending::client_left,
       none,
       close},
      {"the client leaves in a body that the upstream does not read", upload,
       body_coming + Script{Event::body_piece, Event::client_left}, finish, Ending::client_left, none, close},
      {"the client leaves between events", get, relaying_chunks + Script{Event::client_left}, finish,
       Ending::client_left, none, close},
      {"the client leaves a websocket", websocket, began + Script{switching, Event::client_left}, finish,
       Ending::client_left, none, close},
      {"the client takes no more of the response", get, relaying + Script{Event::client_failed}, finish,
       Ending::client_left, none, close},
      {"the client reads nothing", get, relaying + Script{Event::stream_timed_out}, finish,
       Ending::stream_timeout, none, close},
      {"the client does not take an interim response", get, began + Script{hints, Event::stream_timed_out},
       finish, Ending::stream_timeout, none, close},
      // Of the upstream.
      {"no address takes a connection",
       get,
       {Event::unreachable},
       finish,
       Ending::unreachable,
       bad_gateway,
       keep},
      {"the same with a body still coming",
       upload,
       {Event::unreachable},
       finish,
       Ending::unreachable,
       bad_gateway,
       linger},
      {"none in time", get, {Event::connect_timed_out}, finish, Ending::unreachable, bad_gateway, keep},
      {"it closes before a head", get, sent + Script{Event::upstream_ended}, finish, Ending::closed_early,
       bad_gateway, keep},
      {"it resets before a head", post, sent + Script{Event::upstream_failed}, finish, Ending::closed_early,
       bad_gateway, keep},
      {"it closes within a head", get, began + Script{Event::upstream_ended}, finish, Ending::closed_early,
       bad_gateway, keep},
      {"it closes behind an interim response", get,
       began + Script{hints, Event::interim_passed, Event::upstream_ended}, finish, Ending::closed_early,
       bad_gateway, keep},
      {"it closes while a body comes", upload, body_coming + Script{Event::upstream_ended}, finish,
       Ending::closed_early, bad_gateway, linger},
      {"garbage", get, began + Script{Event::head_malformed}, finish, Ending::malformed_response, bad_gateway,
       keep},
      {"a head over the limit", get, began + Script{Event::head_too_large}, finish,
       Ending::response_head_too_large, bad_gateway, keep},
      {"an interim head over the limit", get,
       began + Script{hints, Event::interim_passed, Event::head_too_large}, finish,
       Ending::response_head_too_large, bad_gateway, keep},
      {"a protocol that nobody asked for", get, began + Script{switching}, finish, Ending::malformed_response,
       bad_gateway, keep},
      {"another protocol than the one asked for", websocket, began + Script{other_protocol}, finish,
       Ending::malformed_response, bad_gateway, keep},
      {"no head in time", get, sent + Script{Event::response_timed_out}, finish, Ending::response_timeout,
       timeout, keep},
      {"half a head in time", get, began + Script{Event::response_timed_out}, finish,
       Ending::response_timeout, timeout, keep},
      {"it reads nothing of a body", upload, body_coming + Script{Event::upload_timed_out}, finish,
       Ending::response_timeout, timeout, linger},
      {"it reads nothing of a whole request", post, fresh + Script{Event::upload_timed_out}, finish,
       Ending::response_timeout, timeout, keep},
      {"it closes short of the length", get, relaying + Script{Event::upstream_ended}, finish,
       Ending::response_cut_short, none, close},
      {"it closes short of the last chunk", get, relaying_chunks + Script{Event::upstream_ended}, finish,
       Ending::response_cut_short, none, close},
      {"the same for a client that knows no chunks", get_1_0, relaying_chunks + Script{Event::upstream_ended},
       finish, Ending::response_cut_short, none, reset},
      {"it resets where only closing marks the end", get,
       relaying_until_close + Script{Event::upstream_failed}, finish, Ending::response_cut_short, none,
       reset},
      {"garbled chunks", get, relaying_chunks + Script{Event::body_garbled}, finish,
       Ending::malformed_response, none, close},
      {"garbled chunks for a client that knows none", get_1_0, relaying_chunks + Script{Event::body_garbled},
       finish, Ending::malformed_response, none, reset},
      {"its response falls silent", get, relaying + Script{Event::stream_timed_out}, finish,
       Ending::stream_timeout, none, close},
      {"the same where only closing marks the end", get,
       relaying_until_close + Script{Event::stream_timed_out}, finish, Ending::stream_timeout, none, reset},
      {"it leaves a websocket", websocket, began + Script{switching, Event::upstream_failed}, finish,
       Ending::response_cut_short, none, close},
      // Of neither.
      {"the token ends while the body comes", upload, body_coming + Script{Event::token_expired}, finish,
       Ending::token_expired, Answer::token_expired, linger},
      {"the token ends within a response", get, relaying_until_close + Script{Event::token_expired}, finish,
       Ending::token_expired, none, reset},
      {"the token ends in a websocket", websocket, began + Script{switching, Event::token_expired}, finish,
       Ending::token_expired, none, close},
      {"the drain ends before the answer", get, sent + Script{Event::drained}, finish, Ending::drained, none,
       close},
      {"the drain ends within a response", get, relaying_until_close + Script{Event::drained}, finish,
       Ending::drained, none, reset},
  };
  for (const Row& row : rows) check(row);
}

TEST_CASE("an end by closing is clean only if nothing failed on that connection") {
  struct Case {
    std::string_view why;
    Script script;
    bool clean;
  };
  const Script coming = body_coming + Script{Event::answer_began, until_close};
  const Case cases[] = {
      {"nothing failed", coming + Script{Event::body_piece, Event::upstream_ended}, true},
      {"a reset was read", coming + Script{Event::upstream_failed}, false},
      {"a write took the reset's error", coming + Script{Event::sending_failed, Event::upstream_ended},
       false},
      {"it did so before the head",
       body_coming + Script{Event::sending_failed, Event::answer_began, until_close, Event::upstream_ended},
       false},
      {"the body had been sent", coming + Script{Event::request_sent, Event::upstream_ended}, true},
      {"a write fails when all is over", coming + Script{Event::upstream_ended, Event::sending_failed}, true},
  };
  for (const Case& one : cases) {
    CAPTURE(one.why);
    const Outcome outcome = after(upload, one.script).outcome(false, true, true);
    CHECK(outcome.ending == (one.clean ? Ending::ok : Ending::response_cut_short));
    CHECK(outcome.client == (one.clean ? ClientFate::linger : ClientFate::reset));
    CHECK_FALSE(outcome.reuse_upstream);
  }
}

TEST_CASE("each action follows from its event") {
  struct Case {
    std::string_view why;
    RequestFacts request;
    Script before;
    Step step;
    Action next;
  };
  const Case cases[] = {
      {"an idle connection", get, {}, Event::reused, Action::send},
      {"a new connection", get, {}, Event::connected, Action::send},
      {"the rest of the body", upload, fresh, Event::head_sent, Action::upload},
      {"all is sent", get, fresh, Event::request_sent, Action::read_head},
      {"the upstream takes no more of a whole request: it may have answered", post, fresh,
       Event::sending_failed, Action::read_head},
      {"or of a body: the other way reads", upload, body_coming, Event::sending_failed, Action::stop},
      {"a piece of a body", upload, body_coming, Event::body_piece, Action::go_on},
      {"bytes of an answer", get, sent, Event::answer_began, Action::go_on},
      {"a final head", get, began, sized, Action::relay},
      {"a websocket", websocket, began, switching, Action::tunnel},
      {"an interim response", get, began, hints, Action::pass_interim},
      {"one for a client that knows none", get_1_0, began, hints, Action::drop_interim},
      {"100 (Continue) for a client that expects it", expecting, body_coming, proceed, Action::pass_interim},
      {"and for one that does not", get, began, proceed, Action::drop_interim},
      {"the client has it", get, began + Script{hints}, Event::interim_passed, Action::read_head},
  };
  for (const Case& one : cases) {
    CAPTURE(one.why);
    ExchangePlan plan = after(one.request, one.before);
    CHECK(tell(plan, one.step) == one.next);
    CHECK_FALSE(plan.failed());
  }
}

TEST_CASE("an upstream that sends only interim responses is not answering") {
  ExchangePlan plan = after(get, began);
  for (unsigned i = 0; i < most_interim_responses; ++i) {
    CHECK(plan.on_head(hints, true) == Action::pass_interim);
    CHECK(plan.on(Event::interim_passed) == Action::read_head);
  }
  CHECK(plan.on_head(hints, true) == Action::finish);
  CHECK(plan.outcome(false, true, true).ending == Ending::malformed_response);
  CHECK(plan.outcome(false, true, true).answer == Answer::bad_gateway);
}
