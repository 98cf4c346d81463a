#include "net/exchange.hpp"

#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>

#include "http/forward_request.hpp"

namespace postern::net {
namespace {

// RFC 9110 9.2.2.
bool idempotent(std::string_view method) {
  constexpr std::array<std::string_view, 5> methods = {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"};
  return std::find(methods.begin(), methods.end(), method) != methods.end();
}

// What each failure is called in the log, and what the client hears if it has heard nothing yet.
struct Ending {
  std::string_view reason;
  gate::Answer answer;
};
constexpr std::array<Ending, 12> endings = {{
    {"ok", gate::Answer::none},
    {"upstream unreachable", gate::Answer::bad_gateway},
    {"upstream closed early", gate::Answer::bad_gateway},
    {"malformed upstream response", gate::Answer::bad_gateway},
    {"upstream response cut short", gate::Answer::none},
    {"upstream timeout", gate::Answer::gateway_timeout},
    {"stream idle timeout", gate::Answer::none},
    {"token expired while streaming", gate::Answer::token_expired},
    {"cut by the drain", gate::Answer::none},
    {"client went away", gate::Answer::none},
    {"malformed chunked body", gate::Answer::bad_request},
    {"body too large", gate::Answer::content_too_large},
}};

}  // namespace

Exchange::Exchange(Session& session, const gate::Verdict& verdict)
    : session_(session),
      worker_(session.worker),
      work_(*session.workspace),
      verdict_(verdict),
      head_size_(work_.request_parser.head_size()),
      up_(work_.up),
      down_(work_.down) {
  if (work_.request.framing == http::Framing::content_length) body_left_ = work_.request.content_length;
}

Awaitable<> Exchange::run() {
  write_upstream_head();
  whole_ = work_.request.framing != http::Framing::chunked && body_left_ <= work_.from_client.size();
  return whole_ ? run_whole() : run_streaming();
}

void Exchange::write_upstream_head() {
  const http::RequestHead& head = work_.request;
  http::UpstreamRequest request;
  request.target = work_.target.origin_form();
  // RFC 9112 3.2.2: the authority of an absolute-form target replaces Host.
  request.authority = work_.target.authority().empty() ? head.host : work_.target.authority();
  request.identity_header = worker_.settings.user_header;
  request.uid = verdict_.uid.view();
  request.forward_authorization = worker_.settings.policy.forward_authorization && !verdict_.preflight;
  request.peer_is_trusted_proxy = session_.peer.is_trusted_proxy();
  request.peer_address = session_.peer.address();
  request.scheme = session_.client.is_encrypted() ? "https" : "http";
  request.request_id = session_.request_id();
  request.websocket = head.websocket_upgrade;
  request.strip_bearer_subprotocol = verdict_.bearer_subprotocol;
  if (worker_.identity_signer) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    request.signed_identity =
        worker_.identity_signer->sign({request.uid, head.method, request.target, request.request_id},
                                      std::chrono::duration_cast<std::chrono::seconds>(now).count());
  }
  work_.to_upstream.clear();
  http::write_request_head(work_.to_upstream, head, request);
}

bool Exchange::take_idle_upstream() {
  auto idle = worker_.upstreams.take_idle();
  reused_ = idle.has_value();
  if (reused_) session_.upstream = std::move(*idle);
  return reused_;
}

Awaitable<bool> Exchange::connect_upstream() {
  reused_ = false;
  work_.problem =
      co_await worker_.upstreams.connect(session_.upstream, session_, worker_.settings.connect_timeout);
  co_return work_.problem.empty();
}

// The head and as much of a Content-Length body as is here leave in one write, nearly always at once.
error_code Exchange::send_first() noexcept {
  const auto body = work_.from_client.data().substr(
      0, static_cast<std::size_t>(std::min<std::uint64_t>(body_left_, work_.from_client.size())));
  up_[0] = asio::buffer(work_.to_upstream);
  up_[1] = asio::buffer(body.data(), body.size());
  up_taken_ = body.size();
  const auto all = std::span(up_).first(body.empty() ? 1 : 2);
  up_left_ = all;
  sent_at_ = Clock::now();
  session_.wait_at_most(Phase::stream, worker_.settings.stream_idle_timeout);
  const error_code error = session_.upstream.write_now(up_left_);
  unsent_ = error && up_left_.size() == all.size() && up_left_.front().size() == work_.to_upstream.size();
  return error;
}

// For a request that is here whole. An upstream may close an idle connection just as it is used again: then
// the request goes once more, on a fresh one, if not a byte of it left, or nothing of an answer was seen and
// doing it twice is harmless (RFC 9110 9.2.2).
Awaitable<> Exchange::run_whole() {
  bool only_fresh = false;
  bool answered = false;
  while (true) {
    bool open = !only_fresh && take_idle_upstream();
    if (!open) open = co_await connect_upstream();
    if (!open) {
      fail_by_deadline(Failure::connect);
      break;
    }
    // Where the write fails an answer may be waiting all the same.
    const error_code error = send_first();
    if (!error && !up_left_.empty()) co_await session_.upstream.write_all(up_left_);
    body_done_ = true;
    bytes_in_ = body_left_;
    only_fresh = true;
    if (reused_ && unsent_) continue;
    if (session_.expired() == Phase::stream) {
      fail(Failure::response_timeout);  // what takes nothing would not take it the second time
      break;
    }
    if (session_.expired() != Phase::none) {
      fail_by_deadline(Failure::upstream_closed);
      break;
    }
    session_.wait_at_most(Phase::response, worker_.settings.response_timeout);
    answered = co_await read_final_head();
    if (answered || !may_retry()) break;
    failure_ = Failure::none;
  }
  if (answered && !relay_at_once()) co_await relay_response();
  work_.from_client.take(static_cast<std::size_t>(body_left_));
  finish();
}

// For a request whose body is still coming: both halves at once.
Awaitable<> Exchange::run_streaming() {
  using namespace asio::experimental::awaitable_operators;
  bool open = take_idle_upstream();
  if (!open) open = co_await connect_upstream();
  error_code error;
  if (open) error = send_first();
  if (open && reused_ && unsent_) {
    open = co_await connect_upstream();
    if (open) error = send_first();
  }
  if (open) {
    if (!error && !up_left_.empty()) error = co_await session_.upstream.write_all(up_left_);
    upload_stuck_ = error.failed();
    if (!upload_stuck_) {
      bytes_in_ = up_taken_;
      body_left_ -= up_taken_;
      work_.from_client.take(up_taken_);
    }
    co_await (upload() && download());
  } else {
    fail_by_deadline(Failure::connect);
  }
  finish();
}

bool Exchange::may_retry() const noexcept {
  return failure_ == Failure::upstream_closed && reused_ && !response_seen_ &&
         session_.expired() == Phase::none && idempotent(work_.request.method);
}

// Both sides' pending operations end, so that neither half of the exchange waits for the other.
void Exchange::fail(Failure failure) {
  if (failure_ == Failure::none) failure_ = failure;
  session_.upstream.close();
  session_.client.cancel();
}

void Exchange::finish() {
  const bool reusable = failure_ == Failure::none && response_done_ && body_done_ && !upload_stuck_ &&
                        work_.response.keep_alive && work_.response.status >= 200 &&
                        work_.from_upstream.size() == 0 && session_.upstream.is_open() && !worker_.draining();
  if (reusable) {
    worker_.upstreams.give_back(std::move(session_.upstream));
    session_.upstream = Stream(worker_.executor());
  } else {
    session_.upstream.close();
  }
}

Exchange::Result Exchange::result() const {
  const Ending& ending = endings[static_cast<std::size_t>(failure_)];
  Result result;
  result.reason = failure_ == Failure::connect ? std::string_view(work_.problem) : ending.reason;
  result.status = response_started_ ? work_.response.status : 0;
  result.bytes_in = bytes_in_;
  result.bytes_out = bytes_out_;
  result.upstream_time = upstream_time_;
  if (failure_ == Failure::none) {
    // A client that meant to go on may have sent more, and closing on it would cost it the response's end.
    // Under TLS the end itself must be written (RFC 8446 6.1).
    const bool lingers = !body_done_ || work_.from_client.size() != 0 || work_.request.keep_alive ||
                         session_.client.is_encrypted();
    result.after = keep_client_ ? After::keep : lingers ? After::linger : After::close;
  } else if (!response_started_) {
    // Behind a part of an interim head an answer would be read as more of that head.
    if (!interim_unsent_) result.answer = ending.answer;
    // Without an answer there is nothing that a next request could follow.
    if (whole_ && result.answer != gate::Answer::none) result.after = After::keep;
  } else if (!end_is_framed_) {
    // Only the connection's end would say where this response ends: a client must not take the part for the
    // whole.
    session_.client.reset_on_close();
  }
  return result;
}

}  // namespace postern::net
