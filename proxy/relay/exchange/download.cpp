#include "relay/exchange/download.hpp"

#include <utility>

#include "http/forward_response.hpp"
#include "relay/exchange/websocket_tunnel.hpp"

namespace postern::relay {

using transport::Awaitable;
using transport::Clock;
namespace asio = transport::asio;

namespace {

ResponseFacts facts_of(const http::ResponseHead& head) noexcept {
  ResponseFacts facts;
  facts.status = head.status;
  facts.ends_by_close = head.framing == http::Framing::until_close;
  facts.chunked = head.framing == http::Framing::chunked;
  facts.persists = head.keep_alive;
  facts.accepts_websocket = head.websocket_accepted;
  return facts;
}

}  // namespace

Download::Download(ClientConnection& connection, ExchangePlan& plan, const Upload& upload,
                   const Request& request)
    : connection_(connection),
      buffers_(*connection.buffers),
      plan_(plan),
      upload_(upload),
      request_(request),
      upstream_(connection, plan, upload),
      body_(connection, plan, upstream_) {}

Awaitable<> Download::run() {
  Action next = co_await read_head();
  if (next == Action::tunnel) next = co_await run_tunnel();
  if (next == Action::relay) next = relay_at_once();
  if (next == Action::go_on) co_await relay_rest();
  // Whatever the other way waits for is of no use any more.
  if (plan_.failed() || !plan_.request_done()) connection_.call_off();
}

Awaitable<Action> Download::read_head() {
  buffers_.from_upstream.clear();
  buffers_.response_parser.reset();
  buffers_.response.clear();
  connection_.wait(plan_.patience_for(Wait::read_upstream));
  // The connection was quiet when the request went: whatever comes is news to epoll.
  bool awaited = true;
  while (true) {
    switch (buffers_.response_parser.parse(buffers_.from_upstream.data(), buffers_.request.method,
                                           buffers_.response)) {
      case http::ParseState::refused: {
        const bool too_large = buffers_.response_parser.fault() == http::HeadFault::head_too_large;
        co_return plan_.on(too_large ? Event::head_too_large : Event::head_malformed);
      }
      case http::ParseState::incomplete: {
        const Action read = co_await upstream_.read(std::exchange(awaited, false));
        if (read != Action::go_on) co_return read;
        break;
      }
      case http::ParseState::complete: {
        Action next = on_head();
        if (next == Action::pass_interim) next = co_await pass_interim();
        if (next != Action::drop_interim && next != Action::read_head) co_return next;
        drop_head();
        // An interim response is a sign of life.
        connection_.wait(plan_.patience_for(Wait::read_upstream));
        break;
      }
    }
  }
}

Action Download::on_head() {
  const http::ResponseHead& head = buffers_.response;
  status_ = head.status;
  if (head.status >= 200 || head.status == 101) upstream_time_ = Clock::now() - upload_.sent_at();
  return plan_.on_head(facts_of(head), !connection_.context.draining());
}

// 100, 103 and the like (RFC 9110 15.2).
Awaitable<Action> Download::pass_interim() {
  buffers_.to_client.clear();
  http::write_response_head(buffers_.to_client, buffers_.response, {});
  buffers_.down[0] = asio::buffer(buffers_.to_client);
  const Action written = co_await body_.write(std::span(buffers_.down).first(1));
  if (written != Action::go_on) co_return written;
  co_return plan_.on(Event::interim_passed);
}

void Download::drop_head() {
  buffers_.from_upstream.take(buffers_.response_parser.head_size());
  buffers_.from_upstream.rewind();
  buffers_.response_parser.reset();
  buffers_.response.clear();
}

void Download::write_client_head() {
  http::DownstreamResponse response;
  response.client_version = buffers_.request.version;
  response.dechunk = plan_.dechunks();
  response.keep_alive = plan_.keeps_client();
  response.request_id = request_.id;
  response.add_bearer_subprotocol = request_.bearer_subprotocol;
  buffers_.to_client.clear();
  http::write_response_head(buffers_.to_client, buffers_.response, response);
  buffers_.from_upstream.take(buffers_.response_parser.head_size());
}

Action Download::relay_at_once() {
  write_client_head();
  return body_.relay_at_once();
}

Awaitable<Action> Download::relay_rest() {
  return body_.relay_rest();
}

Awaitable<Action> Download::run_tunnel() {
  tunneled_ = true;
  write_client_head();
  buffers_.down[0] = asio::buffer(buffers_.to_client);
  const Action written = co_await body_.write(std::span(buffers_.down).first(1));
  if (written != Action::go_on) co_return written;
  // buffers_ may be another connection's behind it.
  WebSocketTunnel tunnel(connection_);
  const WebSocketEnd end = co_await tunnel.run();
  tunnel_bytes_in_ = tunnel.bytes_from_client();
  tunnel_bytes_out_ = tunnel.bytes_from_upstream();
  if (tunnel.close_reason() == CloseReason::going_away) co_return plan_.on(Event::drained);
  if (tunnel.close_reason() == CloseReason::policy_violation) co_return plan_.on(Event::token_expired);
  switch (end) {
    case WebSocketEnd::client_gone:
      co_return plan_.on(event_of(connection_.interrupted(), Event::client_failed));
    case WebSocketEnd::upstream_gone:
      co_return plan_.on(event_of(connection_.interrupted(), Event::upstream_failed));
    case WebSocketEnd::closed:
      break;
  }
  co_return plan_.on(Event::response_ended);
}

}  // namespace postern::relay
