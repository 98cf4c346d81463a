#include "relay/exchange/exchange.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <functional>

#include "http/forward_request.hpp"

namespace postern::relay {
namespace {

using transport::Awaitable;
namespace asio = transport::asio;

bool is_safe(boost::beast::http::verb method) noexcept {
  using boost::beast::http::verb;
  return method == verb::get || method == verb::head || method == verb::options;
}

RequestFacts facts_of(const ClientConnection& connection, bool whole) noexcept {
  const http::RequestHead& head = connection.buffers->request;
  RequestFacts facts;
  facts.safe = is_safe(head.verb);
  facts.whole = whole;
  facts.http_1_0 = head.version == http::Version::http_1_0;
  facts.keep_alive = head.keep_alive;
  facts.expects_continue = head.expects_continue;
  facts.asks_for_websocket = head.websocket_upgrade;
  facts.encrypted = connection.client.is_encrypted();
  return facts;
}

bool is_whole(const RequestBuffers& buffers) noexcept {
  const http::RequestHead& head = buffers.request;
  if (head.framing == http::Framing::none) return true;
  return head.framing == http::Framing::content_length && head.content_length <= buffers.from_client.size();
}

observe::StreamEnd stream_end_of(Ending ending) noexcept {
  using observe::StreamEnd;
  switch (ending) {
    case Ending::ok:
      break;
    case Ending::unreachable:
    case Ending::closed_early:
    case Ending::response_cut_short:
      return StreamEnd::upstream_gone;
    case Ending::malformed_response:
    case Ending::response_head_too_large:
    case Ending::body_malformed:
    case Ending::body_too_large:
      return StreamEnd::malformed;
    case Ending::response_timeout:
    case Ending::stream_timeout:
      return StreamEnd::idle_timeout;
    case Ending::token_expired:
      return StreamEnd::token_expired;
    case Ending::drained:
      return StreamEnd::drained;
    case Ending::client_left:
      return StreamEnd::client_gone;
  }
  return StreamEnd::finished;
}

// Tells users apart, no more: 0 is nobody.
std::uint64_t user_of(const gate::Verdict& verdict) noexcept {
  return verdict.uid.empty() ? 0 : std::hash<std::string_view>{}(verdict.uid.view());
}

}  // namespace

Exchange::Exchange(ClientConnection& connection, const gate::Verdict& verdict, std::string_view request_id)
    : connection_(connection),
      buffers_(*connection.buffers),
      verdict_(verdict),
      request_id_(request_id),
      plan_(facts_of(connection, is_whole(buffers_))),
      upload_(connection, plan_),
      download_(connection, plan_, upload_, {request_id, verdict.bearer_subprotocol}) {}

Awaitable<> Exchange::run() {
  write_upstream_head();
  return is_whole(buffers_) ? run_whole() : run_streaming();
}

void Exchange::write_upstream_head() {
  const RelayContext& context = connection_.context;
  const http::RequestHead& head = buffers_.request;
  http::UpstreamRequest request;
  request.target = buffers_.target.origin_form();
  // RFC 9112 3.2.2: the authority of an absolute-form target replaces Host.
  request.authority = buffers_.target.authority().empty() ? head.host : buffers_.target.authority();
  request.identity_header = context.settings.user_header;
  request.uid = verdict_.uid.view();
  request.claim_headers = context.settings.claim_headers;
  request.claim_fields = buffers_.claim_fields;
  request.overridden = verdict_.overridden;
  request.forward_authorization = context.settings.policy.forward_authorization && !verdict_.preflight;
  request.peer_is_trusted_proxy = connection_.peer.is_trusted_proxy();
  request.peer_address = connection_.peer.address();
  request.scheme = connection_.client.is_encrypted() ? "https" : "http";
  request.request_id = request_id_;
  request.websocket = head.websocket_upgrade;
  request.strip_bearer_subprotocol = verdict_.bearer_subprotocol;
  request.close = !context.upstreams.reuses();
  if (connection_.context.keys.identity_signer) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    request.signed_identity = connection_.context.keys.identity_signer->sign(
        {request.uid, head.method, request.target, request.request_id, request.claim_fields,
         request.overridden},
        std::chrono::duration_cast<std::chrono::seconds>(now).count());
  }
  buffers_.to_upstream.clear();
  http::write_request_head(buffers_.to_upstream, head, request);
}

Action Exchange::take_idle() {
  RelayContext& context = connection_.context;
  auto idle = context.upstreams.take_idle(user_of(verdict_));
  context.metrics.count_pool(idle != nullptr);
  if (!idle) return Action::connect;
  idle->count_as(context.metrics, observe::ConnectionState::active);
  connection_.upstream = std::move(idle);
  return plan_.on(Event::reused);
}

Awaitable<Action> Exchange::connect() {
  RelayContext& context = connection_.context;
  connection_.upstream = std::make_unique<UpstreamConnection>(context.executor);
  UpstreamConnection& upstream = *connection_.upstream;
  connection_.wait_at_most(transport::DeadlineKind::connect, context.settings.connect_timeout);
  const auto began = transport::Clock::now();
  buffers_.connect_failure = co_await context.upstreams.connector().connect(
      upstream.stream, upstream.address, connection_, context.settings.connect_timeout);
  connect_time_ += transport::Clock::now() - began;
  const bool connected = buffers_.connect_failure.reason.empty();
  const bool wanted = connection_.interrupted() != Interruption::client_left;
  if (connected || wanted) context.metrics.count_upstream_opened(connected);
  if (connected) upstream.count_as(context.metrics, observe::ConnectionState::active);
  if (connected && wanted) co_return plan_.on(Event::connected);
  const Event event = event_of(connection_.interrupted(), Event::unreachable);
  if (event == Event::unreachable || event == Event::connect_timed_out) {
    context.log.unreachable(buffers_.connect_failure);
  }
  co_return plan_.on(event);
}

// For a request that is here whole: one step after the other, and begun anew where the plan says so.
Awaitable<> Exchange::run_whole() {
  Action next = Action::open;
  while (next != Action::finish) {
    switch (next) {
      case Action::open:
        next = take_idle();
        break;
      case Action::connect:
        next = co_await connect();
        break;
      case Action::send:
        next = upload_.send_first();
        if (next == Action::go_on) next = co_await upload_.send_rest();
        break;
      case Action::read_head:
        next = co_await download_.read_head();
        break;
      case Action::relay:
        next = download_.relay_at_once();
        if (next == Action::go_on) next = co_await download_.relay_rest();
        break;
      case Action::tunnel:
        next = co_await download_.run_tunnel();
        break;
      default:
        next = Action::finish;
        break;
    }
  }
  upload_.take_whole_body();
  finish();
}

// For a request whose body is still coming: both ways at once.
Awaitable<> Exchange::run_streaming() {
  using namespace asio::experimental::awaitable_operators;
  Action next = Action::open;
  while (next == Action::open || next == Action::connect || next == Action::send) {
    if (next == Action::open) {
      next = take_idle();
    } else if (next == Action::connect) {
      next = co_await connect();
    } else {
      next = upload_.send_first();
      if (next == Action::go_on) next = co_await upload_.send_rest();
    }
  }
  if (next == Action::upload) co_await (upload_.run() && download_.run());
  if (next == Action::stop) co_await download_.run();
  finish();
}

void Exchange::finish() {
  RelayContext& context = connection_.context;
  RequestBuffers& buffers = *connection_.buffers;
  const bool open = connection_.upstream && connection_.upstream->stream.is_open();
  outcome_ = plan_.outcome(buffers.from_client.size() != 0, open && buffers.from_upstream.size() == 0,
                           !context.draining());
  if (connection_.upstream && is_upstream_fault(outcome_.ending) && outcome_.ending != Ending::unreachable) {
    buffers.connect_failure.address = transport::to_string(connection_.upstream->address);
    buffers.connect_failure.problem = download_.upstream_problem();
  }
  if (outcome_.reuse_upstream) {
    connection_.upstream->user = user_of(verdict_);
    connection_.upstream->count_as(context.metrics, observe::ConnectionState::idle);
    context.upstreams.give_back(std::move(connection_.upstream));
  }
  connection_.upstream.reset();
}

Exchange::Result Exchange::result() const noexcept {
  const RequestBuffers& buffers = *connection_.buffers;
  Result result;
  result.outcome = outcome_;
  // Where no connection was to be had, the connector knows more.
  const bool connector_knows =
      outcome_.ending == Ending::unreachable && !buffers.connect_failure.reason.empty();
  result.reason =
      connector_knows ? std::string_view(buffers.connect_failure.reason) : text_of(outcome_.ending);
  result.status = plan_.response_started() ? download_.status() : 0;
  result.bytes_in = download_.tunnel_bytes_in() + upload_.bytes();
  result.bytes_out = download_.bytes();
  result.upstream_time = download_.upstream_time();
  result.connect_time = connect_time_;
  result.sent_at = upload_.sent_at();
  if (download_.is_stream()) result.stream_end = stream_end_of(outcome_.ending);
  return result;
}

}  // namespace postern::relay
