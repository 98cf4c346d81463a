#include "relay/exchange/upstream_reader.hpp"

namespace postern::relay {

using transport::Awaitable;
using transport::Clock;
using transport::error_code;
namespace asio = transport::asio;

Awaitable<Action> UpstreamReader::read(bool awaited) {
  transport::Stream& upstream = connection_.upstream->stream;
  Buffer& buffer = connection_.buffers->from_upstream;
  transport::ReadResult result;
  if (awaited && !upstream.is_encrypted()) {
    result = co_await upstream.read_awaited(buffer.room());
  } else {
    result = co_await upstream.read_some(buffer.room());
  }
  const auto [error, count] = result;
  if (error) co_return on_error(error);
  buffer.filled(count);
  plan_.on(Event::answer_began);
  co_return Action::go_on;
}

Action UpstreamReader::on_error(const error_code& error) noexcept {
  error_ = error;
  const bool in_order = error == asio::error::eof;
  const Event event =
      event_of(connection_.interrupted(), in_order ? Event::upstream_ended : Event::upstream_failed);
  return plan_.on(event, Clock::now() - upload_.sent_at());
}

std::string UpstreamReader::problem() const {
  const bool says_nothing = !error_ || error_ == asio::error::eof || error_ == asio::error::operation_aborted;
  return says_nothing ? std::string() : error_.message();
}

}  // namespace postern::relay
