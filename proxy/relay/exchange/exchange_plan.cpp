#include "relay/exchange/exchange_plan.hpp"

#include <array>
#include <cstddef>

namespace postern::relay {
namespace {

struct EndingText {
  std::string_view reason;
  gate::Answer answer;  // if the client has heard nothing
  bool upstream_fault;
};

// In the order of Ending. Who fell silent in the middle of a body hears nothing: it reads no answer.
constexpr std::array<EndingText, 13> endings = {{
    {"ok", gate::Answer::none, false},
    {"upstream unreachable", gate::Answer::bad_gateway, true},
    {"upstream closed early", gate::Answer::bad_gateway, true},
    {"malformed upstream response", gate::Answer::bad_gateway, true},
    {"upstream head too large", gate::Answer::bad_gateway, true},
    {"upstream response cut short", gate::Answer::none, true},
    {"upstream timeout", gate::Answer::gateway_timeout, true},
    {"stream idle timeout", gate::Answer::none, false},
    {"token expired while streaming", gate::Answer::token_expired, false},
    {"cut by the drain", gate::Answer::none, false},
    {"client went away", gate::Answer::none, false},
    {"malformed chunked body", gate::Answer::bad_request, false},
    {"body too large", gate::Answer::content_too_large, false},
}};
static_assert(endings.size() == static_cast<std::size_t>(Ending::body_too_large) + 1);

const EndingText& text_for(Ending ending) noexcept {
  return endings[static_cast<std::size_t>(ending)];
}

}  // namespace

std::string_view text_of(Ending ending) noexcept {
  return text_for(ending).reason;
}

bool is_upstream_fault(Ending ending) noexcept {
  return text_for(ending).upstream_fault;
}

Event event_of(Interruption interruption, Event otherwise) noexcept {
  switch (interruption) {
    case Interruption::connect_timeout:
      return Event::connect_timed_out;
    case Interruption::upload_timeout:
      return Event::upload_timed_out;
    case Interruption::response_timeout:
      return Event::response_timed_out;
    case Interruption::stream_timeout:
      return Event::stream_timed_out;
    case Interruption::token_expired:
      return Event::token_expired;
    case Interruption::drained:
      return Event::drained;
    case Interruption::linger_timeout:  // the upstream's last words to a client that ended its side
    case Interruption::client_left:
      return Event::client_left;
    case Interruption::none:
    case Interruption::idle_timeout:
    case Interruption::head_timeout:
    case Interruption::key_timeout:
      break;
  }
  return otherwise;
}

// The first failure is the cause; what it makes fail afterwards is not.
Action ExchangePlan::fail(Ending ending) noexcept {
  if (ending_ == Ending::ok && answering_ != Answering::done) ending_ = ending;
  return Action::finish;
}

Action ExchangePlan::on(Event event, Duration since_sent) noexcept {
  switch (event) {
    case Event::reused:
    case Event::connected:
      reused_ = event == Event::reused;
      sending_ = Sending::under_way;
      return Action::send;
    case Event::unreachable:
      return fail(Ending::unreachable);
    case Event::head_sent:
      return Action::upload;
    case Event::request_sent:
      sending_ = Sending::done;
      return Action::read_head;
    case Event::nothing_sent:
      // The upstream cannot have acted on what it has not got.
      if (reused_) return connect_again();
      [[fallthrough]];
    case Event::sending_failed:
      // It may have answered before it stopped reading: the answer decides, not this.
      broken_ = true;
      sending_ = Sending::failed;
      return request_.whole ? Action::read_head : Action::stop;
    case Event::body_piece:
      body_came_ = true;
      return Action::go_on;
    case Event::body_malformed:
      return fail(Ending::body_malformed);
    case Event::body_too_large:
      return fail(Ending::body_too_large);
    case Event::answer_began:
      if (answering_ == Answering::awaited) answering_ = Answering::began;
      return Action::go_on;
    case Event::head_malformed:
    case Event::body_garbled:
      return fail(Ending::malformed_response);
    case Event::head_too_large:
      return fail(Ending::response_head_too_large);
    case Event::interim_passed:
      if (passing_interim()) answering_ = Answering::began;
      return Action::read_head;
    case Event::response_ended:
      if (!failed()) answering_ = Answering::done;
      return Action::finish;
    case Event::upstream_ended:
      return on_upstream_closed(true, since_sent);
    case Event::upstream_failed:
      return on_upstream_closed(false, since_sent);
    case Event::client_failed:
    case Event::client_left:
      return fail(Ending::client_left);
    case Event::connect_timed_out:
      return fail(Ending::unreachable);
    case Event::upload_timed_out:
    case Event::response_timed_out:
      return fail(response_started() ? Ending::stream_timeout : Ending::response_timeout);
    case Event::stream_timed_out:
      return fail(Ending::stream_timeout);
    case Event::token_expired:
      return fail(Ending::token_expired);
    case Event::drained:
      return fail(Ending::drained);
  }
  return Action::finish;
}

Action ExchangePlan::connect_again() noexcept {
  sending_ = Sending::waiting;
  broken_ = false;
  return Action::connect;
}

bool ExchangePlan::may_resend(Duration since_sent) const noexcept {
  return reused_ && request_.safe && request_.whole && answering_ == Answering::awaited &&
         since_sent <= resend_within;
}

Action ExchangePlan::on_upstream_closed(bool in_order, Duration since_sent) noexcept {
  if (failed()) return Action::finish;
  if (!response_started()) {
    if (may_resend(since_sent)) return connect_again();
    return fail(Ending::closed_early);
  }
  // RFC 9112 8: only an orderly end completes such a response. The kernel gives the error of a reset socket
  // to the first call that asks; if that was a write, the end that is read looks orderly and is not.
  if (response_.ends_by_close && in_order && !broken_) {
    answering_ = Answering::done;
    return Action::finish;
  }
  return fail(Ending::response_cut_short);
}

Action ExchangePlan::on_head(const ResponseFacts& head, bool stays) noexcept {
  response_ = head;
  answering_ = Answering::began;
  if (head.status == 101) {
    // Nobody asked for another protocol, or not for this one (CVE-2026-2833).
    if (!request_.asks_for_websocket || !head.accepts_websocket) return fail(Ending::malformed_response);
    answering_ = Answering::relaying;
    return Action::tunnel;
  }
  if (head.status < 200) {
    if (++interim_responses_ > most_interim_responses) return fail(Ending::malformed_response);
    const bool wanted = !request_.http_1_0 && (head.status != 100 || request_.expects_continue);
    if (!wanted) return Action::drop_interim;
    if (head.status == 100) continued_ = true;
    answering_ = Answering::passing_interim;
    return Action::pass_interim;
  }
  answering_ = Answering::relaying;
  keeps_client_ = request_.keep_alive && sending_ == Sending::done && stays && end_is_framed();
  return Action::relay;
}

Patience ExchangePlan::patience_for(Wait wait) const noexcept {
  const bool sent = sending_ == Sending::done || sending_ == Sending::failed;
  // A client that waits for 100 (Continue) is the upstream's to wake; then it is the client's turn.
  const bool body_held_back = request_.expects_continue && !body_came_ && !sent && !response_started();
  switch (wait) {
    case Wait::send_upstream:
      return response_started() ? Patience::stream : Patience::upload;
    case Wait::read_client:
      return body_held_back && !continued_ ? Patience::upload : Patience::stream;
    case Wait::read_upstream:
      // A client that does not take an interim response is not the upstream's fault.
      if (response_started() || passing_interim()) return Patience::stream;
      if (body_held_back && continued_) return Patience::stream;
      return sent ? Patience::response : Patience::none;
    case Wait::send_client:
      return Patience::stream;
  }
  return Patience::stream;
}

gate::Answer ExchangePlan::answer() const noexcept {
  // Behind a part of an interim head an answer would be read as more of that head.
  if (response_started() || passing_interim()) return gate::Answer::none;
  return text_for(ending_).answer;
}

Outcome ExchangePlan::outcome(bool unread, bool upstream_quiet, bool stays) const noexcept {
  Outcome outcome;
  outcome.ending = ending_;
  if (!failed()) {
    // A client that meant to go on may have sent more, and closing on it would cost it the response's end.
    const bool lingers = sending_ != Sending::done || unread || request_.keep_alive || request_.encrypted;
    outcome.client = keeps_client_ ? ClientFate::keep : lingers ? ClientFate::linger : ClientFate::close;
    outcome.reuse_upstream = answering_ == Answering::done && sending_ == Sending::done && !broken_ &&
                             response_.persists && response_.status >= 200 && upstream_quiet && stays;
    return outcome;
  }
  outcome.answer = answer();
  // Without an answer there is nothing that a next request could follow.
  if (outcome.answer != gate::Answer::none) {
    outcome.client = request_.whole ? ClientFate::keep : ClientFate::linger;
  } else if (response_started() && !end_is_framed()) {
    outcome.client = ClientFate::reset;
  }
  return outcome;
}

}  // namespace postern::relay
