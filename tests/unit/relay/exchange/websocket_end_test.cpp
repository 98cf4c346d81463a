// Who ended a websocket, for every order of what can happen to it.
#include "relay/exchange/websocket_end.hpp"

#include <doctest/doctest.h>

#include <vector>

using postern::relay::WebSocketEnd;
using postern::relay::WebSocketStory;
using Event = postern::relay::WebSocketEvent;

namespace {

WebSocketEnd end_of(const std::vector<Event>& events) {
  WebSocketStory story;
  for (const Event event : events) story.on(event);
  return story.end();
}

}  // namespace

TEST_CASE("a websocket's end is told by who ended first and what was said since") {
  struct Case {
    const char* name;
    std::vector<Event> events;
    WebSocketEnd end;
  };
  const Case cases[] = {
      {"both say goodbye",
       {Event::upstream_spoke, Event::close_frame, Event::client_ended, Event::upstream_ended},
       WebSocketEnd::closed},
      {"the client leaves without a word and the upstream follows",
       {Event::upstream_spoke, Event::client_ended, Event::upstream_ended},
       WebSocketEnd::client_gone},
      {"the client leaves without a word ever said",
       {Event::client_ended, Event::upstream_ended},
       WebSocketEnd::client_gone},
      {"the upstream's close frame answers a client that only ended its side",
       {Event::client_ended, Event::upstream_spoke, Event::close_frame, Event::upstream_ended},
       WebSocketEnd::closed},
      {"the upstream speaks on to a client that has no more to say",
       {Event::client_ended, Event::upstream_spoke, Event::upstream_ended},
       WebSocketEnd::closed},
      {"the upstream ends first", {Event::upstream_ended, Event::client_ended}, WebSocketEnd::closed},
      {"the upstream ends first, after a word",
       {Event::upstream_spoke, Event::upstream_ended, Event::client_ended},
       WebSocketEnd::closed},
      {"the client breaks off", {Event::client_failed}, WebSocketEnd::client_gone},
      {"the client breaks off after its close frame",
       {Event::close_frame, Event::client_failed},
       WebSocketEnd::client_gone},
      {"the client takes nothing any more once it ended",
       {Event::client_ended, Event::client_failed},
       WebSocketEnd::client_gone},
      {"the upstream breaks off", {Event::upstream_failed}, WebSocketEnd::upstream_gone},
      {"the upstream breaks off after its close frame",
       {Event::upstream_spoke, Event::close_frame, Event::upstream_failed},
       WebSocketEnd::upstream_gone},
      {"the upstream is cut off because the client has left",
       {Event::client_ended, Event::upstream_failed},
       WebSocketEnd::client_gone},
      {"the first failure counts: the client's",
       {Event::client_failed, Event::upstream_failed},
       WebSocketEnd::client_gone},
      {"the first failure counts: the upstream's",
       {Event::upstream_failed, Event::client_failed},
       WebSocketEnd::upstream_gone},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    CHECK(end_of(c.events) == c.end);
  }
}

TEST_CASE("only a failure ends both directions of a websocket at once") {
  for (const Event event :
       {Event::client_ended, Event::upstream_ended, Event::upstream_spoke, Event::close_frame}) {
    WebSocketStory story;
    story.on(event);
    CHECK_FALSE(story.failed());
    CHECK(story.client_ended() == (event == Event::client_ended));
  }
  for (const Event event : {Event::client_failed, Event::upstream_failed}) {
    WebSocketStory story;
    story.on(event);
    CHECK(story.failed());
  }
}
