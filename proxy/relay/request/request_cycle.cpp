#include "relay/request/request_cycle.hpp"

#include <algorithm>
#include <memory>

#include "http/authority.hpp"
#include "http/request_id.hpp"
#include "observe/log/trace_context.hpp"
#include "relay/exchange/exchange.hpp"
#include "relay/open_token.hpp"
#include "relay/request/client_address.hpp"
#include "relay/request/judgement.hpp"
#include "relay/request/key_wait.hpp"
#include "relay/request/send_answer.hpp"

namespace postern::relay {
namespace {

using transport::Awaitable;
using transport::Clock;
using transport::DeadlineKind;

enum class HeadOutcome : std::uint8_t { complete, refused, incomplete, timed_out, gone };

// What the log shows of a target that was refused: no query, and nothing where an authority could be taken
// for path, since it may hold a password, and that a '/', '?' or '#'. What is neither origin-form nor
// absolute-form could be anything, a token too.
std::string_view path_of_refused(std::string_view target) {
  const std::string_view path = target.substr(0, target.find_first_of("?#"));
  const bool names_user = target.find('@') != std::string_view::npos;
  if (path.starts_with("//") || path.starts_with("/\\")) return names_user ? std::string_view{} : path;
  if (path.starts_with('/')) return path;
  const std::size_t scheme = path.find("://");
  if (scheme == std::string_view::npos || names_user) return {};
  const std::size_t slash = std::min(path.find('/', scheme + 3), path.size());
  const bool sane = http::valid_authority(path.substr(scheme + 3, slash - scheme - 3));
  return sane ? path.substr(slash) : std::string_view{};
}

// Letters and '-' as in every registered method, and none is longer; no token, and hardly a password.
std::string_view method_to_show(std::string_view method) {
  constexpr std::size_t longest = 32;
  constexpr auto usual = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-'; };
  return method.size() <= longest && std::all_of(method.begin(), method.end(), usual) ? method : "-";
}

std::uint32_t microseconds_of(Clock::duration duration) {
  const auto count = std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(count, 0, UINT32_MAX));
}

gate::Verdict head_timed_out() {
  gate::Verdict verdict;
  verdict.answer = gate::Answer::request_timeout;
  verdict.reason = "head timeout";
  verdict.must_close = true;
  return verdict;
}

HeadOutcome parse_head(RequestBuffers& buffers) {
  switch (buffers.request_parser.parse(buffers.from_client.data(), buffers.request)) {
    case http::ParseState::complete:
      return HeadOutcome::complete;
    case http::ParseState::refused:
      return HeadOutcome::refused;
    case http::ParseState::incomplete:
      break;
  }
  return HeadOutcome::incomplete;
}

Awaitable<HeadOutcome> read_rest_of_head(ClientConnection& connection) {
  RequestBuffers& buffers = *connection.buffers;
  Buffer& from = buffers.from_client;
  connection.wait_at_most(DeadlineKind::head, connection.context.settings.header_timeout);
  HeadOutcome outcome = HeadOutcome::incomplete;
  while (outcome == HeadOutcome::incomplete) {
    const auto [error, count] = co_await connection.client.read_some(from.room());
    if (error) {
      const bool timed_out = connection.interrupted() == Interruption::head_timeout;
      co_return timed_out ? HeadOutcome::timed_out : HeadOutcome::gone;
    }
    from.filled(count);
    outcome = parse_head(buffers);
  }
  co_return outcome;
}

std::string_view choose_request_id(RelayContext& context, const http::RequestHead& head,
                                   RequestIds::Id& own) noexcept {
  const std::string_view given = http::single_field(head, [](const http::Field& field) {
    return field.field_class == http::FieldClass::x_request_id && !http::is_underscored(field.name);
  });
  if (http::sane_request_id(given)) return given;
  context.request_ids.next(own);
  return {own.data(), own.size()};
}

// A request refused unread keeps its connection only if its body is already here and can be stepped over.
bool skip_buffered_body(RequestBuffers& buffers) noexcept {
  const http::RequestHead& head = buffers.request;
  if (head.framing == http::Framing::none) return true;
  if (head.framing != http::Framing::content_length) return false;
  if (head.content_length > buffers.from_client.size()) return false;
  buffers.from_client.take(static_cast<std::size_t>(head.content_length));
  return true;
}

Judgement judge(ClientConnection& connection, HeadOutcome outcome, std::string_view client,
                std::int64_t unix_seconds, Clock::time_point steady) {
  RequestBuffers& buffers = *connection.buffers;
  if (outcome == HeadOutcome::timed_out) return {head_timed_out()};
  if (outcome == HeadOutcome::refused) {
    const auto fault = buffers.request_parser.fault();
    return {gate::refuse_head(http::status_of(fault), http::text_of(fault))};
  }
  Judgement judgement = judge_request(connection.context, buffers, client, unix_seconds, steady,
                                      {connection.certificate(), false});
  buffers.from_client.take(buffers.request_parser.head_size());
  return judgement;
}

// Counts a request by its connection, which is active for as long as it lives.
class RequestCount {
 public:
  explicit RequestCount(observe::WorkerMetrics& metrics) noexcept : metrics_(metrics) {
    metrics_.connection_changed(observe::Side::client, observe::ConnectionState::idle,
                                observe::ConnectionState::active);
  }
  RequestCount(const RequestCount&) = delete;
  RequestCount& operator=(const RequestCount&) = delete;
  ~RequestCount() {
    metrics_.connection_changed(observe::Side::client, observe::ConnectionState::active,
                                observe::ConnectionState::idle);
  }

 private:
  observe::WorkerMetrics& metrics_;
};

// When a stream of this request has to end, in Unix seconds; nothing: when it ends.
std::optional<std::int64_t> end_of_streams(const gate::Verdict& verdict, const Settings& settings) noexcept {
  if (verdict.shadow) return settings.shadow_until;
  if (settings.close_at_expiry && !verdict.uid.empty()) return verdict.expires_at;
  return std::nullopt;
}

observe::CountedVerdict counted_as(const gate::Verdict& verdict) noexcept {
  if (!verdict.forward()) return observe::CountedVerdict::refuse;
  if (verdict.shadow) return observe::CountedVerdict::shadow;
  return verdict.overridden ? observe::CountedVerdict::override_ : observe::CountedVerdict::forward;
}

// The gate's own refusal of a request that it had begun to forward: of its body, or because its token ended.
// The client has heard nothing else.
bool is_refusal(const Exchange::Result& result, const gate::Verdict& verdict) noexcept {
  if (result.outcome.answer == gate::Answer::none || is_upstream_fault(result.outcome.ending)) return false;
  return !verdict.shadow || result.outcome.ending != Ending::token_expired;
}

// A failing upstream is the log's business at level warn: where it is and what the system says.
void record_ending(const Exchange::Result& result, const gate::Verdict& verdict,
                   const RequestBuffers& buffers, observe::AccessRecord& record) noexcept {
  if (result.outcome.ending == Ending::ok) return;
  const bool shadow_ended = verdict.shadow && result.outcome.ending == Ending::token_expired;
  record.reason = shadow_ended ? "shadow mode ended" : result.reason;
  if (!is_upstream_fault(result.outcome.ending)) return;
  record.level = observe::Level::warn;
  record.upstream = buffers.connect_failure.address;
  record.problem = buffers.connect_failure.problem;
}

// What became of a forwarded request, into its record and its counts; returns what its client is owed.
Outcome record_exchange(ClientConnection& connection, const Exchange& exchange, bool token_revoked,
                        const gate::Verdict& verdict, Clock::time_point started,
                        observe::AccessRecord& record, observe::CountedRequest& count) {
  Exchange::Result result = exchange.result();
  if (token_revoked && result.outcome.ending == Ending::token_expired) {
    result.reason = "token revoked while streaming";
    if (result.outcome.answer != gate::Answer::none) result.outcome.answer = gate::Answer::token_invalid;
  }
  record_ending(result, verdict, *connection.buffers, record);
  if (is_refusal(result, verdict)) {
    count.verdict = observe::CountedVerdict::refuse;
    record.verdict = observe::verdict_names[observe::index_of(count.verdict)];
  }
  record.status = result.status;
  record.bytes_in = result.bytes_in;
  record.bytes_out = result.bytes_out;
  record.upstream_microseconds = microseconds_of(result.upstream_time);
  count.upstream = result.upstream_time;
  if (result.sent_at != Clock::time_point{}) count.gate = result.sent_at - started - result.connect_time;
  if (result.stream_end) connection.context.metrics.count_stream_end(*result.stream_end);
  return result.outcome;
}

}  // namespace

Awaitable<ClientFate> serve_request(ClientConnection& connection) {
  using namespace std::chrono;
  RelayContext& context = connection.context;
  RequestBuffers& buffers = *connection.buffers;
  connection.forget_interruption();  // nothing is waited for if the head is here, pipelined
  buffers.from_client.rewind();
  buffers.request_parser.reset();
  buffers.request.clear();
  buffers.claim_fields.clear();
  HeadOutcome outcome = parse_head(buffers);
  if (outcome == HeadOutcome::incomplete) outcome = co_await read_rest_of_head(connection);
  if (outcome == HeadOutcome::gone) co_return ClientFate::close;
  const auto started = Clock::now();
  const auto wall = system_clock::now().time_since_epoch();
  connection.forget_stream_end();
  RequestIds::Id own_id;
  const std::string_view request_id = choose_request_id(context, buffers.request, own_id);
  const RequestCount counted(context.metrics);
  const transport::Peer client =
      client_of(buffers.request, connection.peer, context.settings.trusted_proxies);
  const std::int64_t unix_seconds = duration_cast<seconds>(wall).count();
  Judgement judgement = judge(connection, outcome, client.address(), unix_seconds, started);
  if (judgement.verdict.key_wanted) {
    co_await judge_with_new_keys(connection, judgement, client.address());
  }
  apply_shadow(context, buffers, unix_seconds, judgement);
  const gate::Verdict& verdict = judgement.verdict;

  observe::CountedRequest count;
  count.verdict = counted_as(verdict);
  count.identified = !verdict.uid.empty();
  observe::AccessRecord record;
  record.unix_microseconds = duration_cast<microseconds>(wall).count();
  record.request_id = request_id;
  record.trace_id = observe::trace_id_of(http::single_field(buffers.request, [](const http::Field& field) {
    return field.known == http::FieldName::unknown && http::equal_ignoring_case(field.name, "traceparent");
  }));
  record.peer = client.address();
  record.method = method_to_show(buffers.request.method);
  record.path =
      verdict.step > gate::Step::target ? buffers.target.raw_path() : path_of_refused(buffers.request.target);
  record.rule = verdict.rule != nullptr ? std::string_view(verdict.rule->text) : std::string_view{};
  record.uid = verdict.uid.view();
  record.verdict = observe::verdict_names[observe::index_of(count.verdict)];
  record.reason = verdict.reason;
  // A websocket gives the buffers back while it is quiet.
  std::string own_texts;
  if (buffers.request.websocket_upgrade) observe::own_request_texts(record, own_texts);

  std::string_view refused_for = verdict.reason;
  ClientFate fate = ClientFate::close;
  const Interruption why = connection.interrupted();
  // While a key was waited for.
  if (why == Interruption::client_left || why == Interruption::drained) {
    record.reason = text_of(why == Interruption::client_left ? Ending::client_left : Ending::drained);
  } else if (verdict.forward()) {
    if (const auto end = end_of_streams(verdict, context.settings)) connection.end_streams_at(*end);
    std::unique_ptr<OpenToken> open_token;
    if (context.settings.close_at_expiry && !verdict.uid.empty()) {
      open_token = std::make_unique<OpenToken>(context.keys.open_tokens, verdict,
                                               [&connection] { connection.end_streams_now(); });
    }
    Exchange exchange(connection, verdict, record.request_id);
    co_await exchange.run();
    const Outcome owed = record_exchange(connection, exchange, open_token && open_token->revoked(), verdict,
                                         started, record, count);
    if (count.verdict == observe::CountedVerdict::refuse) refused_for = record.reason;
    fate = owed.client;
    if (owed.answer != gate::Answer::none) {
      fate = co_await send_answer(connection, owed.answer, judgement, record, fate != ClientFate::keep);
    }
  } else {
    const bool must_close = verdict.must_close || !skip_buffered_body(buffers);
    fate = co_await send_answer(connection, verdict.answer, judgement, record, must_close);
  }
  count.total = Clock::now() - started;
  if (!verdict.forward()) count.gate = count.total;
  count.status = record.status;
  context.metrics.count(count);
  if (count.verdict == observe::CountedVerdict::refuse || verdict.shadow) {
    context.metrics.count_refusal(count.verdict, refused_for);
  }
  record.total_microseconds = microseconds_of(count.total);
  context.log.record(record);
  co_return fate;
}

}  // namespace postern::relay
