#include "net/upstream_pool.hpp"

#include <algorithm>

namespace postern::net {

UpstreamPool::UpstreamPool(const Executor& executor, Deadlines& deadlines, config::Endpoint upstream,
                           tls::Context context, Clock::duration idle_timeout)
    : executor_(executor),
      deadlines_(deadlines),
      upstream_(std::move(upstream)),
      context_(std::move(context)),
      idle_timeout_(idle_timeout),
      lookup_(executor) {
  if (const auto* unix = std::get_if<config::UnixEndpoint>(&upstream_)) {
    addresses_.push_back(asio::local::stream_protocol::endpoint(unix->path));
    return;
  }
  const auto& tcp = std::get<config::TcpEndpoint>(upstream_);
  error_code not_literal;
  const auto address = asio::ip::make_address(tcp.host, not_literal);
  if (!not_literal) addresses_.push_back(asio::ip::tcp::endpoint(address, tcp.port));
  named_ = not_literal.failed();
}

std::optional<Stream> UpstreamPool::take_idle() {
  const auto oldest_allowed = CoarseClock::now() - idle_timeout_;
  while (!idle_.empty()) {
    Idle last = std::move(idle_.back());
    idle_.pop_back();
    if (last.since < oldest_allowed) {
      idle_.clear();  // the others have waited longer still
      break;
    }
    if (last.stream.quiet_and_open()) return std::move(last.stream);
  }
  return std::nullopt;
}

void UpstreamPool::give_back(Stream stream) {
  // TLS 1.3 hands out what can be resumed only after the handshake.
  if (stream.is_encrypted()) {
    // Verified by rules that hold no more: neither it nor its session speaks for the upstream.
    if (!stream.tls().made_of(context_)) return;
    if (auto session = stream.tls().session()) session_ = std::move(session);
  }
  if (idle_.size() == most_idle) return;
  if (idle_.empty()) {
    arm(Phase::idle, idle_timeout_);
    if (!is_linked()) deadlines_.add(*this);
  }
  idle_.push_back({std::move(stream), CoarseClock::now()});
}

void UpstreamPool::use_context(tls::Context context) {
  if (!context && !context_) return;
  context_ = std::move(context);
  session_.reset();
  close_idle();
}

void UpstreamPool::on_deadline(Phase) {
  const auto oldest_allowed = CoarseClock::now() - idle_timeout_;
  std::erase_if(idle_, [&](const Idle& idle) { return idle.since <= oldest_allowed; });
  if (idle_.empty()) {
    unlink();
  } else {
    arm(Phase::idle, idle_.front().since - oldest_allowed);
  }
}

void UpstreamPool::refresh_addresses() {
  if (lookup_.under_way()) return;
  const auto& tcp = std::get<config::TcpEndpoint>(upstream_);
  lookup_.start(tcp.host, tcp.port, [this](std::optional<Endpoints> found) {
    // What was known stays in use while nothing better is.
    if (found) use_addresses(std::move(*found));
    resolved_at_ = Clock::now();
    for (Timer* timer : waiting_) timer->cancel();
  });
}

void UpstreamPool::use_addresses(Endpoints found) {
  if (!addresses_.empty()) {
    const auto last_good = std::find(found.begin(), found.end(), addresses_.front());
    if (last_good != found.end()) std::rotate(found.begin(), last_good, last_good + 1);
  }
  addresses_ = std::move(found);
}

void UpstreamPool::stop_waiting() {
  may_wait_ = false;
  for (Timer* timer : waiting_) timer->cancel();
}

Awaitable<> UpstreamPool::wait_for_addresses(Clock::duration at_most) {
  if (!may_wait_) co_return;
  Timer timer(executor_, at_most);
  waiting_.push_back(&timer);
  co_await timer.async_wait(use_tuple);
  std::erase(waiting_, &timer);
}

Awaitable<std::string> UpstreamPool::connect(Stream& stream, Timed& timed, Clock::duration timeout) {
  const auto known_for = [this] { return Clock::now() - resolved_at_.value_or(Clock::time_point{}); };
  if (named_ && (addresses_.empty() || known_for() > resolve_again_after)) {
    refresh_addresses();
    if (addresses_.empty()) {
      timed.disarm();
      co_await wait_for_addresses(timeout);
    }
    if (addresses_.empty()) co_return "upstream name has no address";
  }
  const Endpoints tried = addresses_;
  std::string problem = co_await connect_to_one_of(tried, stream, timed, timeout);
  if (problem.empty() || !named_) co_return problem;
  const bool looked_again = Clock::now() >= look_again_from_;
  if (looked_again) {
    refresh_addresses();
    timed.disarm();
    co_await wait_for_addresses(timeout);
  }
  Endpoints fresh = addresses_;
  std::erase_if(fresh, [&tried](const auto& address) {
    return std::find(tried.begin(), tried.end(), address) != tried.end();
  });
  if (fresh.empty()) {
    if (looked_again) look_again_from_ = Clock::now() + look_again_after;
    co_return problem;
  }
  co_return co_await connect_to_one_of(std::move(fresh), stream, timed, timeout);
}

Awaitable<std::string> UpstreamPool::connect_to_one_of(Endpoints addresses, Stream& stream, Timed& timed,
                                                       Clock::duration timeout) {
  std::string problem = "upstream unreachable";
  for (const auto& address : addresses) {
    error_code error;
    stream = Stream(executor_);
    stream.socket().open(address.protocol(), error);
    if (error) continue;
    stream.socket().non_blocking(true, error);
    timed.arm(Phase::connect, timeout);
    std::tie(error) = co_await stream.socket().async_connect(address, use_tuple);
    if (error) continue;
    stream.send_promptly();
    std::string tls_problem;
    if (context_) tls_problem = co_await start_tls(stream);
    if (!tls_problem.empty()) {
      problem = std::move(tls_problem);
      continue;
    }
    const auto good = std::find(addresses_.begin(), addresses_.end(), address);
    if (good != addresses_.end()) std::rotate(addresses_.begin(), good, good + 1);
    co_return std::string{};
  }
  stream = Stream(executor_);
  co_return problem;
}

Awaitable<std::string> UpstreamPool::start_tls(Stream& stream) {
  const auto& host = std::get<config::TcpEndpoint>(upstream_).host;
  const int descriptor = stream.socket().native_handle();
  const error_code error =
      co_await stream.start_tls(tls::Engine::client(context_, descriptor, host, session_));
  if (!error) co_return std::string{};
  if (error != asio::error::connection_refused) co_return "upstream TLS: handshake timed out";
  co_return "upstream TLS: " + std::string(stream.tls().failure());
}

}  // namespace postern::net
