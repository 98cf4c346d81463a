#include "net/upstream_pool.hpp"

#include "net/socket_io.hpp"

namespace postern::net {

UpstreamPool::UpstreamPool(const Executor& executor, Deadlines& deadlines, config::Endpoint upstream,
                           Clock::duration idle_timeout)
    : executor_(executor),
      deadlines_(deadlines),
      upstream_(std::move(upstream)),
      idle_timeout_(idle_timeout),
      resolver_(executor) {
  if (const auto* unix = std::get_if<config::UnixEndpoint>(&upstream_)) {
    addresses_.push_back(asio::local::stream_protocol::endpoint(unix->path));
    resolved_at_ = never_again;
    return;
  }
  const auto& tcp = std::get<config::TcpEndpoint>(upstream_);
  error_code not_literal;
  const auto address = asio::ip::make_address(tcp.host, not_literal);
  if (!not_literal) addresses_.push_back(asio::ip::tcp::endpoint(address, tcp.port));
  resolved_at_ = not_literal ? Clock::time_point{} : never_again;
}

std::optional<Socket> UpstreamPool::take_idle() {
  const auto oldest_allowed = Clock::now() - idle_timeout_;
  while (!idle_.empty()) {
    Idle last = std::move(idle_.back());
    idle_.pop_back();
    if (last.since < oldest_allowed) {
      idle_.clear();  // the others have waited longer still
      break;
    }
    if (quiet_and_open(last.socket)) return std::move(last.socket);
  }
  return std::nullopt;
}

void UpstreamPool::give_back(Socket socket) {
  if (idle_.size() == most_idle) return;
  if (idle_.empty()) {
    arm(Phase::idle, idle_timeout_);
    if (!is_linked()) deadlines_.add(*this);
  }
  idle_.push_back({std::move(socket), Clock::now()});
}

void UpstreamPool::on_deadline(Phase) {
  const auto oldest_allowed = Clock::now() - idle_timeout_;
  std::erase_if(idle_, [&](const Idle& idle) { return idle.since <= oldest_allowed; });
  if (idle_.empty()) {
    unlink();
  } else {
    arm(Phase::idle, idle_.front().since - oldest_allowed);
  }
}

void UpstreamPool::refresh_addresses() {
  if (resolving_) return;
  resolving_ = true;
  const auto& tcp = std::get<config::TcpEndpoint>(upstream_);
  resolver_.async_resolve(tcp.host, std::to_string(tcp.port),
                          [this](const error_code& error, const auto& results) {
                            resolving_ = false;
                            if (!error) {
                              addresses_.clear();
                              for (const auto& result : results) addresses_.push_back(result.endpoint());
                              resolved_at_ = Clock::now();
                            }
                            for (Timer* timer : waiting_) timer->cancel();
                          });
}

Awaitable<> UpstreamPool::wait_for_addresses(Clock::duration at_most) {
  Timer timer(executor_, at_most);
  waiting_.push_back(&timer);
  co_await timer.async_wait(use_tuple);
  std::erase(waiting_, &timer);
}

Awaitable<bool> UpstreamPool::connect(Socket& socket, Timed& timed, Clock::duration timeout) {
  const bool named = resolved_at_ != never_again;
  if (named && (addresses_.empty() || Clock::now() - resolved_at_ > resolve_again_after)) {
    timed.disarm();
    refresh_addresses();
    if (addresses_.empty()) co_await wait_for_addresses(timeout);
  }
  const Endpoints tries = addresses_;
  for (const auto& address : tries) {
    error_code error;
    socket = Socket(executor_);
    socket.open(address.protocol(), error);
    if (error) continue;
    socket.non_blocking(true, error);
    timed.arm(Phase::connect, timeout);
    std::tie(error) = co_await socket.async_connect(address, use_tuple);
    if (!error) {
      send_promptly(socket);
      co_return true;
    }
  }
  // The address may have moved; the next connection asks anew.
  if (named) resolved_at_ = Clock::time_point{};
  socket = Socket(executor_);
  co_return false;
}

}  // namespace postern::net
