#pragma once
// The states of an exchange that tests go through, and all that can happen in one.

#include "plan_scene.hpp"

namespace postern::relay::scene {

// What the client can still be told in a state.
enum class Voice { answer_and_keep, answer_and_linger, nothing, reset };

struct State {
  std::string_view name;
  RequestFacts request;
  Script script;
  Voice voice;
  bool response_started;
};

inline const State states[] = {
    {"a connection is sought", get, {}, Voice::answer_and_keep, false},
    {"the same for a body that is coming", upload, {}, Voice::answer_and_linger, false},
    {"a whole request is being sent", post, fresh, Voice::answer_and_keep, false},
    {"the head of a body is being sent", upload, fresh, Voice::answer_and_linger, false},
    {"a body is coming", upload, body_coming, Voice::answer_and_linger, false},
    {"the upstream takes no more of it", upload, body_coming + Script{Event::sending_failed},
     Voice::answer_and_linger, false},
    {"a body has come", upload, body_coming + Script{Event::request_sent}, Voice::answer_and_linger, false},
    {"100 (Continue) is awaited", expecting, body_coming, Voice::answer_and_linger, false},
    {"an answer is awaited", post, sent, Voice::answer_and_keep, false},
    {"the same on an idle connection", get, sent_again, Voice::answer_and_keep, false},
    {"it has begun", get, began, Voice::answer_and_keep, false},
    {"an interim response is passed", get, began + Script{hints}, Voice::nothing, false},
    {"it has passed", get, began + Script{hints, Event::interim_passed}, Voice::answer_and_keep, false},
    {"an early response moves beside the body", upload, body_coming + Script{Event::answer_began, sized},
     Voice::nothing, true},
    {"an early response that only closing ends", upload,
     body_coming + Script{Event::answer_began, until_close}, Voice::reset, true},
    {"a response of known length", get, began + Script{sized}, Voice::nothing, true},
    {"a chunked response", get, began + Script{chunked}, Voice::nothing, true},
    {"a response that only closing ends", get, began + Script{until_close}, Voice::reset, true},
    {"a response whose chunks are taken off", get_1_0, began + Script{chunked}, Voice::reset, true},
    {"a websocket", websocket, began + Script{switching}, Voice::nothing, true},
};

// Everything that a plan can be told.
inline const Step all_steps[] = {Event::reused,
                                 Event::connected,
                                 Event::unreachable,
                                 Event::head_sent,
                                 Event::request_sent,
                                 Event::nothing_sent,
                                 Event::sending_failed,
                                 Event::body_piece,
                                 Event::body_malformed,
                                 Event::body_too_large,
                                 Event::answer_began,
                                 Event::head_malformed,
                                 Event::head_too_large,
                                 Event::interim_passed,
                                 Event::response_ended,
                                 Event::body_garbled,
                                 Event::upstream_ended,
                                 Event::upstream_failed,
                                 Happens{Event::upstream_ended, std::chrono::milliseconds(1)},
                                 Happens{Event::upstream_failed, resend_within},
                                 Event::client_failed,
                                 Event::connect_timed_out,
                                 Event::upload_timed_out,
                                 Event::response_timed_out,
                                 Event::stream_timed_out,
                                 Event::token_expired,
                                 Event::drained,
                                 Event::client_left,
                                 sized,
                                 sized_and_close,
                                 chunked,
                                 until_close,
                                 proceed,
                                 hints,
                                 switching,
                                 other_protocol};

inline bool is_head(const Step& step) {
  return std::holds_alternative<ResponseFacts>(step);
}

inline Event event_in(const Step& step) {
  if (const auto* timed = std::get_if<Happens>(&step)) return timed->event;
  return std::get<Event>(step);
}

}  // namespace postern::relay::scene
