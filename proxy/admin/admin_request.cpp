#include "admin/admin_request.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "http/head_scan.hpp"
#include "http/message.hpp"

namespace postern::admin {

using transport::Awaitable;
using transport::error_code;
namespace asio = transport::asio;
namespace beast = transport::beast;

namespace {

constexpr std::size_t max_head_bytes = 8192;

std::string_view view_of(const beast::flat_buffer& buffer) noexcept {
  return {static_cast<const char*>(buffer.data().data()), buffer.size()};
}

bool parse(std::string_view head, AdminRequest& request) {
  beast::http::request_parser<beast::http::empty_body> parser;
  parser.header_limit(max_head_bytes);
  error_code error;
  parser.put(asio::buffer(head), error);
  if (error || !parser.is_header_done()) return false;
  request = parser.release();
  // RFC 9112 3.2.
  return request.version() < 11 || request.count(beast::http::field::host) == 1;
}

}  // namespace

Awaitable<RequestOutcome> read_request(transport::TimedStream& client, AdminRequest& request) {
  using Scan = http::HeadScan;
  Scan scan(Scan::Kind::request, max_head_bytes);
  beast::flat_buffer received(max_head_bytes);
  while (true) {
    const std::string_view bytes = view_of(received);
    auto state = scan.scan(bytes);
    if (state == Scan::State::start_line) state = scan.scan(bytes);
    if (state == Scan::State::refused) co_return RequestOutcome::malformed;
    if (state == Scan::State::complete) {
      const std::size_t begin = scan.start_line_begin();
      const bool parsed = parse(bytes.substr(begin, scan.line_begin() - begin), request);
      if (!parsed) co_return RequestOutcome::malformed;
      co_return RequestOutcome::complete;
    }
    if (received.size() == max_head_bytes) co_return RequestOutcome::malformed;
    const auto room = received.prepare(max_head_bytes - received.size());
    const auto [error, count] =
        co_await client.stream.read_some(std::span(static_cast<char*>(room.data()), room.size()));
    if (error) co_return RequestOutcome::gone;
    received.commit(count);
  }
}

bool names_an_address(std::string_view host) noexcept {
  const bool bracketed = host.starts_with('[');
  const std::size_t end = bracketed ? host.find(']') : host.find(':');
  if (bracketed && end == std::string_view::npos) return false;
  const std::string_view name = bracketed ? host.substr(1, end - 1) : host.substr(0, end);
  const std::string_view port = host.substr(std::min(end + (bracketed ? 1 : 0), host.size()));
  if (!port.empty() && port.front() != ':') return false;
  if (port.find_first_not_of("0123456789", 1) != std::string_view::npos) return false;
  if (!bracketed && http::equal_ignoring_case(name, "localhost")) return true;
  const std::string text(name);
  in6_addr v6{};
  in_addr v4{};
  if (bracketed) return ::inet_pton(AF_INET6, text.c_str(), &v6) == 1;
  return ::inet_pton(AF_INET, text.c_str(), &v4) == 1;
}

bool is_local(const transport::Protocol::endpoint& peer) noexcept {
  const sockaddr* any = peer.data();
  if (any->sa_family == AF_UNIX) return true;
  if (any->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, any, sizeof v4);
    return (ntohl(v4.sin_addr.s_addr) >> 24U) == 127;
  }
  sockaddr_in6 v6{};
  std::memcpy(&v6, any, sizeof v6);
  const auto& bytes = v6.sin6_addr.s6_addr;
  return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr) || (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr) && bytes[12] == 127);
}

}  // namespace postern::admin
