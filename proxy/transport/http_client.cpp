#include "transport/http_client.hpp"

#include "transport/stream_adaptor.hpp"
#include "transport/timed_stream.hpp"

namespace postern::transport {

namespace http = beast::http;

namespace {

// RFC 9110 15.2; an upstream that sends only these does not answer.
constexpr unsigned most_interim_responses = 8;

HttpFault fault_of(const error_code& error) noexcept {
  if (error == http::error::header_limit || error == http::error::body_limit ||
      error == http::error::buffer_overflow) {
    return HttpFault::too_large;
  }
  if (error == http::error::end_of_stream || error == http::error::partial_message ||
      error == asio::error::eof || error == asio::error::connection_reset) {
    return HttpFault::cut_short;
  }
  // The deadline closes the stream.
  if (error == asio::error::operation_aborted || error == asio::error::bad_descriptor) {
    return HttpFault::timed_out;
  }
  return HttpFault::malformed;
}

Awaitable<HttpResult> read_response(StreamAdaptor& stream, const HttpLimits& limits) {
  beast::flat_buffer buffer(limits.head_bytes + 65536);
  HttpResult result;
  for (unsigned interim = 0; interim <= most_interim_responses; ++interim) {
    http::response_parser<http::string_body> parser;
    parser.header_limit(limits.head_bytes);
    parser.body_limit(limits.body_bytes);
    const auto [error, bytes] = co_await http::async_read(stream, buffer, parser, use_tuple);
    if (error) {
      result.fault = fault_of(error);
      result.problem = error.message();
      co_return result;
    }
    // Nobody asked for another protocol.
    if (parser.get().result() == http::status::switching_protocols) break;
    if (parser.get().result_int() >= 200) {
      result.response = parser.release();
      co_return result;
    }
  }
  result.fault = HttpFault::malformed;
  result.problem = "no final response";
  co_return result;
}

}  // namespace

std::string_view text_of(HttpFault fault) noexcept {
  switch (fault) {
    case HttpFault::none:
      return "ok";
    case HttpFault::unreachable:
      return "unreachable";
    case HttpFault::timed_out:
      return "timed out";
    case HttpFault::cut_short:
      return "closed early";
    case HttpFault::malformed:
      return "malformed response";
    case HttpFault::too_large:
      return "response too large";
  }
  return "unknown";
}

Awaitable<HttpResult> exchange_once(Connector& connector, Deadlines& deadlines, HttpRequest request,
                                    std::string host, HttpLimits limits) {
  TimedStream connection{Stream(connector.executor())};
  deadlines.add(connection);
  const auto started = Clock::now();
  Connector::Address address;
  HttpResult result;
  const Connector::Failure failure =
      co_await connector.connect(connection.stream, address, connection, limits.connect);
  if (!failure.reason.empty()) {
    result.fault = HttpFault::unreachable;
    result.problem = failure.reason;
    if (!failure.address.empty()) result.problem += " at " + failure.address;
    if (!failure.problem.empty()) result.problem += ": " + failure.problem;
    co_return result;
  }
  const auto spent = limits.from_the_start ? Clock::now() - started : Clock::duration::zero();
  connection.arm(DeadlineKind::response, limits.whole - spent);
  request.set(http::field::host, host);
  request.set(http::field::user_agent, "postern");
  request.set(http::field::connection, "close");
  StreamAdaptor stream(connection.stream);
  // Where the write fails an answer may be waiting all the same.
  const auto [unsent, bytes] = co_await http::async_write(stream, request, use_tuple);
  result = co_await read_response(stream, limits);
  if (unsent && result.fault != HttpFault::none) result.problem = unsent.message();
  co_return result;
}

}  // namespace postern::transport
