#include "transport/connector.hpp"

#include <algorithm>

namespace postern::transport {

Connector::Connector(const Executor& executor, config::Endpoint server, tls::Context context)
    : executor_(executor), server_(std::move(server)), context_(std::move(context)), lookup_(executor) {
  if (const auto* unix = std::get_if<config::UnixEndpoint>(&server_)) {
    addresses_.push_back(asio::local::stream_protocol::endpoint(unix->path));
    return;
  }
  const auto& tcp = std::get<config::TcpEndpoint>(server_);
  error_code not_literal;
  const auto address = asio::ip::make_address(tcp.host, not_literal);
  if (!not_literal) addresses_.push_back(asio::ip::tcp::endpoint(address, tcp.port));
  named_ = not_literal.failed();
}

void Connector::use_context(tls::Context context) {
  context_ = std::move(context);
  session_.reset();
}

// TLS 1.3 hands out what can be resumed only after the handshake.
void Connector::remember_session(const Stream& stream) {
  if (auto session = stream.tls().session()) session_ = std::move(session);
}

void Connector::refresh_addresses() {
  if (lookup_.under_way()) return;
  const auto& tcp = std::get<config::TcpEndpoint>(server_);
  lookup_.start(tcp.host, tcp.port, [this](std::optional<Addresses> found) {
    // What was known stays in use while nothing better is.
    if (found) use_addresses(std::move(*found));
    resolved_at_ = CoarseClock::now();
    for (Timer* timer : waiting_) timer->cancel();
  });
}

void Connector::use_addresses(Addresses found) {
  if (!addresses_.empty()) {
    const auto last_good = std::find(found.begin(), found.end(), addresses_.front());
    if (last_good != found.end()) std::rotate(found.begin(), last_good, last_good + 1);
  }
  addresses_ = std::move(found);
  if (listener_) listener_();
}

void Connector::follow_name() {
  if (!named_ || (resolved_at_ && CoarseClock::now() - *resolved_at_ < resolve_again_after)) return;
  refresh_addresses();
}

bool Connector::is_current(const Address& address) const noexcept {
  return std::find(addresses_.begin(), addresses_.end(), address) != addresses_.end();
}

void Connector::stop_waiting() {
  may_wait_ = false;
  for (Timer* timer : waiting_) timer->cancel();
}

Awaitable<> Connector::wait_for_addresses(Clock::duration at_most) {
  if (!may_wait_) co_return;
  Timer timer(executor_, at_most);
  waiting_.push_back(&timer);
  co_await timer.async_wait(use_tuple);
  std::erase(waiting_, &timer);
}

Awaitable<Connector::Failure> Connector::connect(Stream& stream, Address& connected, Timed& timed,
                                                 Clock::duration timeout) {
  follow_name();
  if (addresses_.empty()) {
    refresh_addresses();
    timed.disarm();
    co_await wait_for_addresses(timeout);
  }
  if (addresses_.empty()) {
    const auto& tcp = std::get<config::TcpEndpoint>(server_);
    co_return Failure{"upstream name has no address", config::to_string(tcp), {}};
  }
  const Addresses tried = addresses_;
  Failure failure = co_await connect_to_one_of(tried, stream, connected, timed, timeout);
  if (failure.reason.empty() || !named_) co_return failure;
  const bool looked_again = Clock::now() >= look_again_from_;
  if (looked_again) {
    refresh_addresses();
    timed.disarm();
    co_await wait_for_addresses(timeout);
  }
  Addresses fresh = addresses_;
  std::erase_if(fresh, [&tried](const auto& address) {
    return std::find(tried.begin(), tried.end(), address) != tried.end();
  });
  if (fresh.empty()) {
    if (looked_again) look_again_from_ = Clock::now() + look_again_after;
    co_return failure;
  }
  co_return co_await connect_to_one_of(std::move(fresh), stream, connected, timed, timeout);
}

Awaitable<Connector::Failure> Connector::connect_to_one_of(Addresses addresses, Stream& stream,
                                                           Address& connected, Timed& timed,
                                                           Clock::duration timeout) {
  Failure failure{"upstream unreachable", {}, {}};
  for (const auto& address : addresses) {
    error_code error;
    stream = Stream(executor_);
    stream.socket().open(address.protocol(), error);
    if (!error) {
      stream.socket().non_blocking(true, error);
      timed.arm(DeadlineKind::connect, timeout);
      std::tie(error) = co_await stream.socket().async_connect(address, use_tuple);
    }
    if (error) {
      // The deadline closes the stream, which ends the attempt.
      const bool timed_out = error == asio::error::operation_aborted;
      failure = {"upstream unreachable", to_string(address),
                 timed_out ? "no answer in time" : error.message()};
      continue;
    }
    stream.send_promptly();
    Failure tls_failure;
    if (context_) tls_failure = co_await start_tls(stream);
    if (!tls_failure.reason.empty()) {
      failure = std::move(tls_failure);
      failure.address = to_string(address);
      continue;
    }
    const auto good = std::find(addresses_.begin(), addresses_.end(), address);
    if (good != addresses_.end()) std::rotate(addresses_.begin(), good, good + 1);
    connected = address;
    co_return Failure{};
  }
  stream = Stream(executor_);
  co_return failure;
}

Awaitable<Connector::Failure> Connector::start_tls(Stream& stream) {
  const auto& host = std::get<config::TcpEndpoint>(server_).host;
  const int descriptor = stream.socket().native_handle();
  const error_code error =
      co_await stream.start_tls(tls::Engine::client(context_, descriptor, host, session_));
  if (!error) co_return Failure{};
  if (error != asio::error::connection_refused) {
    co_return Failure{"upstream TLS: handshake timed out", {}, {}};
  }
  co_return Failure{"upstream TLS: " + std::string(stream.tls().failure()), {}, {}};
}

std::string to_string(const Connector::Address& address) {
  if (address.protocol().family() == AF_UNIX) {
    const auto* path = reinterpret_cast<const char*>(address.data()) + sizeof(sa_family_t);
    return "unix:" + std::string(path);
  }
  asio::ip::tcp::endpoint tcp;
  std::copy_n(reinterpret_cast<const char*>(address.data()), std::min(address.size(), tcp.capacity()),
              reinterpret_cast<char*>(tcp.data()));
  return config::to_string(config::TcpEndpoint{tcp.address().to_string(), tcp.port()});
}

}  // namespace postern::transport
