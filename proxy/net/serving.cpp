// One request of a connection: its head, the judgement, the answer or the exchange, the record.

#include <algorithm>

#include "http/authority.hpp"
#include "http/request_id.hpp"
#include "net/exchange.hpp"
#include "net/session.hpp"

namespace postern::net {
namespace {

// The value of the only field that `is_meant`; empty when it is absent or there twice.
template <typename Predicate>
std::string_view single_field(const http::RequestHead& head, Predicate is_meant) {
  std::string_view value;
  unsigned seen = 0;
  for (const http::Field& field : head.fields) {
    if (!is_meant(field)) continue;
    value = field.value;
    ++seen;
  }
  return seen == 1 ? value : std::string_view{};
}

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

}  // namespace

Session::HeadOutcome Session::parse_head() {
  switch (workspace->request_parser.parse(workspace->from_client.data(), workspace->request)) {
    case http::ParseState::complete:
      return HeadOutcome::complete;
    case http::ParseState::refused:
      return HeadOutcome::refused;
    case http::ParseState::incomplete:
      break;
  }
  return HeadOutcome::incomplete;
}

Awaitable<Session::HeadOutcome> Session::read_rest_of_head() {
  Buffer& from = workspace->from_client;
  wait_at_most(Phase::head, worker.settings.header_timeout);
  HeadOutcome outcome = HeadOutcome::incomplete;
  while (outcome == HeadOutcome::incomplete) {
    const auto [error, count] = co_await client.read_some(from.room());
    if (error) co_return expired() == Phase::head ? HeadOutcome::timed_out : HeadOutcome::gone;
    from.filled(count);
    outcome = parse_head();
  }
  co_return outcome;
}

void Session::choose_request_id() noexcept {
  request_id_ = single_field(workspace->request, [](const http::Field& field) {
    return field.field_class == http::FieldClass::x_request_id && !http::is_underscored(field.name);
  });
  if (http::sane_request_id(request_id_)) return;
  worker.request_ids.next(own_request_id_);
  request_id_ = {own_request_id_.data(), own_request_id_.size()};
}

Awaitable<After> Session::serve_request() {
  using namespace std::chrono;
  Workspace& work = *workspace;
  expired_ = Phase::none;  // nothing is waited for if the head is here, pipelined
  work.from_client.rewind();
  work.request_parser.reset();
  work.request.clear();
  HeadOutcome outcome = parse_head();
  if (outcome == HeadOutcome::incomplete) outcome = co_await read_rest_of_head();
  if (outcome == HeadOutcome::gone) co_return After::close;
  const auto started = Clock::now();
  const auto wall = system_clock::now().time_since_epoch();
  streams_end_.reset();
  choose_request_id();

  gate::Verdict verdict;
  if (outcome == HeadOutcome::complete) {
    verdict = gate::judge(work.request, worker.settings.policy, worker.verifier,
                          duration_cast<seconds>(wall).count(), work.target);
    work.from_client.take(work.request_parser.head_size());
  } else if (outcome == HeadOutcome::refused) {
    const auto fault = work.request_parser.fault();
    verdict = gate::refuse_head(http::status_of(fault), http::text_of(fault));
  } else {
    verdict = head_timed_out();
  }

  observe::AccessRecord record;
  record.unix_microseconds = duration_cast<microseconds>(wall).count();
  record.request_id = request_id_;
  record.peer = peer.address();
  record.method = method_to_show(work.request.method);
  record.path =
      verdict.step > gate::Step::target ? work.target.raw_path() : path_of_refused(work.request.target);
  record.rule = verdict.rule != nullptr ? std::string_view(verdict.rule->text) : std::string_view{};
  record.uid = verdict.uid.view();
  record.verdict = verdict.forward() ? "forward" : "refuse";
  record.reason = verdict.reason;

  After after = After::close;
  if (verdict.forward()) {
    if (worker.settings.close_at_expiry && !verdict.uid.empty()) end_streams_at(verdict.expires_at);
    Exchange exchange(*this, verdict);
    co_await exchange.run();
    const Exchange::Result result = exchange.result();
    if (result.reason != "ok") record.reason = result.reason;
    record.status = result.status;
    record.bytes_in = result.bytes_in;
    record.bytes_out = result.bytes_out;
    record.upstream_microseconds = microseconds_of(result.upstream_time);
    after = result.after;
    if (result.answer != gate::Answer::none)
      after = co_await answer(result.answer, record, after != After::keep);
  } else {
    after = co_await answer(verdict.answer, record, verdict.must_close || !skip_buffered_body());
  }
  record.total_microseconds = microseconds_of(Clock::now() - started);
  worker.record(record);
  co_return after;
}

// A request refused unread keeps its connection only if its body is already here and can be stepped over.
bool Session::skip_buffered_body() noexcept {
  const http::RequestHead& head = workspace->request;
  if (head.framing == http::Framing::none) return true;
  if (head.framing != http::Framing::content_length) return false;
  if (head.content_length > workspace->from_client.size()) return false;
  workspace->from_client.take(static_cast<std::size_t>(head.content_length));
  return true;
}

Awaitable<After> Session::answer(gate::Answer answer, observe::AccessRecord& record, bool must_close) {
  Workspace& work = *workspace;
  const bool keep = !must_close && work.request.keep_alive &&
                    work.request.version == http::Version::http_1_1 && !worker.draining();
  gate::AnswerContext context;
  context.head_only = work.request.method == "HEAD";
  context.keep_alive = keep;
  context.date = worker.date(record.unix_microseconds / 1'000'000);
  context.request_id = request_id_;
  context.origin = single_field(
      work.request, [](const http::Field& field) { return field.known == http::FieldName::origin; });
  context.cors_origins = &worker.settings.cors_origins;
  work.to_client.clear();
  gate::write_answer(work.to_client, answer, context);

  record.status = gate::status_of(answer);
  record.bytes_out = work.to_client.size() - (work.to_client.find("\r\n\r\n") + 4);
  wait_at_most(Phase::stream, worker.settings.stream_idle_timeout);
  std::array<asio::const_buffer, 1> whole = {asio::buffer(work.to_client)};
  std::span<asio::const_buffer> pieces(whole);
  error_code error = client.write_now(pieces);
  if (!error && !pieces.empty()) error = co_await client.write_all(pieces);
  if (error) co_return After::close;
  co_return keep ? After::keep : After::linger;
}

}  // namespace postern::net
