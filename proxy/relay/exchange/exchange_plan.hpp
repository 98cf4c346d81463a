#pragma once
// The decisions of one request's relay, as a state machine without sockets: the exchange reports what
// happened and does what it is told. What becomes of a retry, an early answer, a cut response and of both
// connections is decided here and nowhere else.

#include <chrono>
#include <cstdint>
#include <string_view>

#include "gate/answer.hpp"
#include "relay/interruption.hpp"

namespace postern::relay {

using Duration = std::chrono::steady_clock::duration;

// An idle connection that the upstream closed was closed before the request reached it, if that is known this
// soon and not a byte came back. Later the request may have been acted upon.
inline constexpr std::chrono::seconds resend_within{1};

// An upstream that sends only interim responses is not answering.
inline constexpr unsigned most_interim_responses = 32;

// What is known before anything is sent.
struct RequestFacts {
  bool safe = false;              // GET, HEAD or OPTIONS: doing it twice changes nothing (RFC 9110 9.2.1)
  bool whole = false;             // head and body are here, so that it can be sent a second time
  bool http_1_0 = false;          // the client understands neither chunks nor interim responses
  bool keep_alive = false;        // the client would go on with this connection
  bool expects_continue = false;  // it waits for 100 (Continue) with its body
  bool asks_for_websocket = false;
  bool encrypted = false;  // the end of the client's connection is itself a message (RFC 8446 6.1)
};

// A response head from the upstream.
struct ResponseFacts {
  unsigned status = 0;
  bool ends_by_close = false;  // only the connection's end marks the body's
  bool chunked = false;
  bool persists = false;  // the upstream's connection may carry another request
  bool accepts_websocket = false;
};

enum class Event : std::uint8_t {
  // Opening.
  reused,       // an idle connection was taken from the pool
  connected,    // a fresh one stands
  unreachable,  // no address takes a connection
  // The request's way.
  head_sent,       // the head, and what was here of the body; the rest is to come
  request_sent,    // its last byte
  nothing_sent,    // the connection took not a byte of it
  sending_failed,  // it takes no more
  body_piece,      // a piece of the body came from the client
  body_malformed,
  body_too_large,
  // The response's way.
  answer_began,     // its first byte came
  head_malformed,   // what came is no response
  head_too_large,   // it does not end within the limit
  interim_passed,   // the client has an interim response whole
  response_ended,   // the client has the last byte, or the websocket's both ends are closed
  body_garbled,     // what came is no chunk
  upstream_ended,   // it ended its side in order
  upstream_failed,  // it reset the connection, or broke off
  // The client.
  client_failed,  // it takes no more, or ended its side within its request
  // The connection was interrupted.
  connect_timed_out,
  upload_timed_out,    // the upstream takes no more of the request
  response_timed_out,  // it does not answer
  stream_timed_out,    // nothing moves: a body, a websocket, or a client that sends or reads nothing
  token_expired,       // POSTERN_CLOSE_AT_EXPIRY
  drained,             // POSTERN_DRAIN_TIMEOUT
  client_left,         // while an answer was awaited, or silent
};

// What an operation's end means: the interruption that called it off, or else what it says itself.
Event event_of(Interruption interruption, Event otherwise) noexcept;

// What the way that reported the event does next.
enum class Action : std::uint8_t {
  open,          // take an idle connection, or else connect
  connect,       // connect: an idle connection is not to be had again
  send,          // the head and what is here of the body
  upload,        // the rest of the body, beside reading the response
  read_head,     // read on until a response head is here
  pass_interim,  // give the interim response to the client
  drop_interim,  // nobody wants it
  relay,         // give the head and the body to the client
  tunnel,        // give the head to the client; a websocket begins
  go_on,         // with what was under way
  stop,          // this way is over, the other goes on
  finish,        // the exchange is over: whatever either way waits for is called off
};

enum class Ending : std::uint8_t {
  ok,
  unreachable,
  closed_early,
  malformed_response,
  response_head_too_large,
  response_cut_short,
  response_timeout,
  stream_timeout,
  token_expired,
  drained,
  client_left,
  body_malformed,
  body_too_large,
};
std::string_view text_of(Ending ending) noexcept;  // for the log; "ok"
// The upstream's failure, not the client's and not the gate's own decision.
bool is_upstream_fault(Ending ending) noexcept;

// What becomes of the client's connection.
enum class ClientFate : std::uint8_t {
  keep,    // it may carry another request
  close,   // nothing more can be said
  linger,  // our answer is out, but the client may still be sending: it reads before the connection goes
  reset,   // its end must not pass for the response's
};

struct Outcome {
  Ending ending = Ending::ok;
  gate::Answer answer = gate::Answer::none;  // what the client hears, having heard nothing
  ClientFate client = ClientFate::close;
  bool reuse_upstream = false;
};

// What a way waits for.
enum class Wait : std::uint8_t {
  send_upstream,  // the upstream takes more
  read_upstream,  // more of the response
  read_client,    // more of the request body
  send_client,    // the client takes more
};
// Whose stall ends that wait, and how.
enum class Patience : std::uint8_t {
  none,      // the other way's wait is what counts
  upload,    // POSTERN_RESPONSE_TIMEOUT: the upstream is to blame; the token's end counts too
  response,  // POSTERN_RESPONSE_TIMEOUT: the upstream is to blame
  stream,    // POSTERN_STREAM_IDLE_TIMEOUT; the token's end counts too
};

class ExchangePlan {
 public:
  explicit ExchangePlan(const RequestFacts& request) noexcept : request_(request) {}

  // `since_sent`: since the request's first byte left; needed where the upstream's connection ends.
  Action on(Event event, Duration since_sent = Duration::max()) noexcept;
  // A response head is here. `stays`: the process takes further requests.
  Action on_head(const ResponseFacts& head, bool stays) noexcept;

  [[nodiscard]] Patience patience_for(Wait wait) const noexcept;

  // The client's connection goes on behind the response: what its head is to say. After on_head().
  [[nodiscard]] bool keeps_client() const noexcept { return keeps_client_; }
  // Its chunks leave as plain bytes, ended by the connection.
  [[nodiscard]] bool dechunks() const noexcept { return request_.http_1_0 && response_.chunked; }
  [[nodiscard]] bool request_done() const noexcept { return sending_ == Sending::done; }
  [[nodiscard]] bool response_started() const noexcept { return answering_ >= Answering::relaying; }
  // The client may have a part of an interim head, and not the rest.
  [[nodiscard]] bool passing_interim() const noexcept { return answering_ == Answering::passing_interim; }
  [[nodiscard]] bool failed() const noexcept { return ending_ != Ending::ok; }
  [[nodiscard]] bool over() const noexcept { return failed() || answering_ == Answering::done; }

  // `unread`: bytes of the client that belong to no request yet. `upstream_quiet`: nothing came behind the
  // response. `stays`: as above.
  [[nodiscard]] Outcome outcome(bool unread, bool upstream_quiet, bool stays) const noexcept;

 private:
  enum class Sending : std::uint8_t { waiting, under_way, done, failed };
  enum class Answering : std::uint8_t { awaited, began, passing_interim, relaying, done };

  Action fail(Ending ending) noexcept;
  Action connect_again() noexcept;
  Action on_upstream_closed(bool in_order, Duration since_sent) noexcept;
  [[nodiscard]] bool may_resend(Duration since_sent) const noexcept;
  [[nodiscard]] bool end_is_framed() const noexcept { return !response_.ends_by_close && !dechunks(); }
  [[nodiscard]] gate::Answer answer() const noexcept;

  RequestFacts request_;
  ResponseFacts response_;
  Sending sending_ = Sending::waiting;
  Answering answering_ = Answering::awaited;
  Ending ending_ = Ending::ok;
  bool reused_ = false;
  bool broken_ = false;     // an operation failed on the upstream's connection: its end is not in order
  bool body_came_ = false;  // a piece of it
  bool continued_ = false;  // the upstream asked for it
  bool keeps_client_ = false;
  unsigned interim_responses_ = 0;
};

}  // namespace postern::relay
