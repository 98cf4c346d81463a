#include "command/health.hpp"

#include <algorithm>
#include <boost/asio/basic_socket_iostream.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <chrono>
#include <optional>
#include <ostream>
#include <string>
#include <variant>

#include "command/usage.hpp"

namespace postern::command {
namespace {

namespace asio = boost::asio;
using Connection = asio::basic_socket_iostream<asio::generic::stream_protocol>;
using Address = asio::generic::stream_protocol::endpoint;

constexpr std::chrono::seconds at_most{3};

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
  boost::system::error_code not_literal;
  const auto host = asio::ip::make_address(host_to_ask(tcp.host), not_literal);
  if (not_literal || tcp.port == 0) return std::nullopt;
  return asio::ip::tcp::endpoint(host, tcp.port);
}

// The listener alone matters here: a secret that is just being replaced makes no running proxy ill.
config::Outcome read_without_files(const Context& context) {
  config::Machine machine;
  machine.read_file = [](const std::string&) { return config::FileContent{{}, "not read"}; };
  config::Outcome outcome = config::read(context.environment, machine);
  std::erase_if(outcome.problems,
                [](const config::Problem& problem) { return problem.variable != "POSTERN_ADMIN_LISTEN"; });
  outcome.config.clear_secrets();
  return outcome;
}

int ask(const Address& address, std::string_view path, const Context& context) {
  Connection connection;
  connection.expires_after(at_most);
  connection.connect(address);
  connection << "GET " << path << " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" << std::flush;
  std::string line, status, body;
  std::getline(connection, status);
  while (std::getline(connection, line) && line != "\r") continue;
  std::getline(connection, body);
  if (status.starts_with("HTTP/1.1 200 ")) {
    context.out << body << '\n';
    return done;
  }
  if (!body.empty()) {
    context.err << "postern: " << body << '\n';
  } else {
    context.err << "postern: no answer: " << connection.error().message() << '\n';
  }
  return failed;
}

}  // namespace

int health(std::span<const std::string> arguments, const Context& context) {
  const bool ready = arguments.size() == 1 && arguments.front() == "--ready";
  if (!arguments.empty() && !ready) return misuse(context, "health takes no argument but --ready");
  const config::Outcome outcome = read_without_files(context);
  if (!outcome.problems.empty()) {
    context.err << config::to_string(outcome.problems.front()) << '\n';
    return misused;
  }
  std::optional<Address> address;
  if (outcome.config.admin_listen) address = address_of(*outcome.config.admin_listen);
  if (!address) {
    context.err << "POSTERN_ADMIN_LISTEN: names no address that could be asked, e.g. "
                   "POSTERN_ADMIN_LISTEN=127.0.0.1:9090\n";
    return misused;
  }
  return ask(*address, ready ? "/readyz" : "/healthz", context);
}

}  // namespace postern::command
