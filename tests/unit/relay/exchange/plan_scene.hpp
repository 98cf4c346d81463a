#pragma once
// Requests, response heads and scripts for the tests of the exchange plan.

#include <chrono>
#include <string_view>
#include <variant>
#include <vector>

#include "relay/exchange/exchange_plan.hpp"

namespace postern::relay::scene {

// What happens, and how long after the request's first byte was sent.
struct Happens {
  Event event;
  Duration since_sent = Duration::max();
};

using Step = std::variant<Event, Happens, ResponseFacts>;
using Script = std::vector<Step>;

inline Script operator+(Script begin, const Script& end) {
  begin.insert(begin.end(), end.begin(), end.end());
  return begin;
}

inline Action tell(ExchangePlan& plan, const Step& step, bool stays = true) {
  if (const auto* event = std::get_if<Event>(&step)) return plan.on(*event);
  if (const auto* timed = std::get_if<Happens>(&step)) return plan.on(timed->event, timed->since_sent);
  return plan.on_head(std::get<ResponseFacts>(step), stays);
}

inline ExchangePlan after(const RequestFacts& request, const Script& script) {
  ExchangePlan plan(request);
  for (const Step& step : script) tell(plan, step);
  return plan;
}

// Requests. GET and POST are whole; an upload's body is still coming.
inline constexpr RequestFacts get{.safe = true, .whole = true, .keep_alive = true};
inline constexpr RequestFacts get_and_close{.safe = true, .whole = true};
inline constexpr RequestFacts get_by_tls{.safe = true, .whole = true, .encrypted = true};
inline constexpr RequestFacts get_1_0{.safe = true, .whole = true, .http_1_0 = true};
inline constexpr RequestFacts post{.whole = true, .keep_alive = true};
inline constexpr RequestFacts upload{.keep_alive = true};
inline constexpr RequestFacts get_upload{.safe = true, .keep_alive = true};
inline constexpr RequestFacts expecting{.keep_alive = true, .expects_continue = true};
inline constexpr RequestFacts websocket{
    .safe = true, .whole = true, .keep_alive = true, .asks_for_websocket = true};

// Response heads.
inline constexpr ResponseFacts sized{.status = 200, .persists = true};
inline constexpr ResponseFacts sized_and_close{.status = 200};
inline constexpr ResponseFacts chunked{.status = 200, .chunked = true, .persists = true};
inline constexpr ResponseFacts until_close{.status = 200, .ends_by_close = true};
inline constexpr ResponseFacts proceed{.status = 100};
inline constexpr ResponseFacts hints{.status = 103};
inline constexpr ResponseFacts switching{.status = 101, .persists = true, .accepts_websocket = true};
inline constexpr ResponseFacts other_protocol{.status = 101};

// How far an exchange has come.
inline const Script fresh = {Event::connected};
inline const Script reused = {Event::reused};
inline const Script body_coming = {Event::connected, Event::head_sent};
inline const Script sent = {Event::connected, Event::request_sent};
inline const Script sent_again = {Event::reused, Event::request_sent};
inline const Script began = sent + Script{Event::answer_began};

}  // namespace postern::relay::scene
