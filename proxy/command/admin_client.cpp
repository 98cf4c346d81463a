#include "command/admin_client.hpp"

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <ostream>
#include <variant>

#include "transport/beast.hpp"

namespace postern::command {
namespace {

namespace asio = transport::asio;
namespace beast = transport::beast;
namespace http = beast::http;
using transport::error_code;
using transport::use_tuple;
using Address = transport::Protocol::endpoint;
using Response = http::response<http::string_body>;

constexpr std::uint32_t max_head_bytes = 8192;
constexpr std::uint64_t max_body_bytes = 65536;

// Who listens on every address is asked on loopback.
std::string host_to_ask(const std::string& host) {
  if (host == "0.0.0.0" || host == "localhost") return "127.0.0.1";
  return host == "::" ? "::1" : host;
}

std::optional<Address> address_of(const config::Endpoint& listener) {
  if (const auto* unix = std::get_if<config::UnixEndpoint>(&listener)) {
    return asio::local::stream_protocol::endpoint(unix->path);
  }
  const auto& tcp = std::get<config::TcpEndpoint>(listener);
  error_code not_literal;
  const auto host = asio::ip::make_address(host_to_ask(tcp.host), not_literal);
  if (not_literal || tcp.port == 0) return std::nullopt;
  return asio::ip::tcp::endpoint(host, tcp.port);
}

transport::Awaitable<> converse(asio::io_context& context, const Address& address,
                                const AdminQuestion& question, Response& response, error_code& error) {
  beast::basic_stream<transport::Protocol, transport::Executor> stream(context.get_executor());
  stream.expires_after(question.at_most);
  std::tie(error) = co_await stream.async_connect(address, use_tuple);
  if (error) co_return;
  http::request<http::empty_body> request(question.method, question.target, 11);
  request.set(http::field::host, "localhost");
  request.keep_alive(false);
  request.prepare_payload();
  std::tie(error, std::ignore) = co_await http::async_write(stream, request, use_tuple);
  if (error) co_return;
  beast::flat_buffer received(max_head_bytes);
  http::response_parser<http::string_body> parser;
  parser.header_limit(max_head_bytes);
  parser.body_limit(max_body_bytes);
  std::tie(error, std::ignore) = co_await http::async_read(stream, received, parser, use_tuple);
  if (!error) response = parser.release();
}

}  // namespace

std::optional<config::Config> read_admin_settings(const Context& context) {
  config::HostEnvironment host;
  host.read_file = [](const std::string&) { return config::FileContent{{}, "not read"}; };
  config::Outcome outcome = config::read(context.environment, host);
  outcome.config.clear_secrets();
  const auto problem =
      std::find_if(outcome.problems.begin(), outcome.problems.end(),
                   [](const config::Problem& one) { return one.variable == "POSTERN_ADMIN_LISTEN"; });
  if (problem != outcome.problems.end()) {
    context.err << config::to_string(*problem) << '\n';
    return std::nullopt;
  }
  const auto& listener = outcome.config.admin_listen;
  if (listener && address_of(*listener)) return std::move(outcome.config);
  context.err << "POSTERN_ADMIN_LISTEN: names no address that could be asked, e.g. "
                 "POSTERN_ADMIN_LISTEN=127.0.0.1:9090\n";
  return std::nullopt;
}

int ask_admin(const config::Config& settings, const AdminQuestion& question, const Context& context) {
  const Address address = address_of(*settings.admin_listen).value();
  asio::io_context io(1);
  Response response;
  error_code error;
  asio::co_spawn(io.get_executor(), converse(io, address, question, response, error), asio::detached);
  io.run();
  const std::string_view body(response.body());
  const std::string_view line = body.substr(0, body.find('\n'));
  if (error) {
    context.err << "postern: no answer: " << error.message() << '\n';
    return failed;
  }
  if (response.result() == http::status::ok) {
    context.out << line << '\n';
    return done;
  }
  context.err << "postern: ";
  if (line.empty()) {
    context.err << "the admin listener answers " << response.result_int() << '\n';
  } else {
    context.err << line << '\n';
  }
  return failed;
}

}  // namespace postern::command
