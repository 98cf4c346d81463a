#include "transport/accept_handshake.hpp"

#include <sys/socket.h>

#include <array>

#include "transport/proxy_protocol.hpp"

namespace postern::transport {
namespace {

// Takes exactly the header's bytes from the socket: what follows is for others to read. Bytes of a header
// that is not whole yet all belong to it.
Awaitable<std::string_view> read_proxy_header(Socket& socket, ProxyHeader& header) {
  std::array<char, max_proxy_header> bytes;
  std::size_t taken = 0;
  while (true) {
    const auto [error] = co_await socket.async_wait(Socket::wait_read, use_tuple);
    if (error) co_return "gone";
    const auto seen =
        ::recv(socket.native_handle(), bytes.data() + taken, bytes.size() - taken, MSG_PEEK | MSG_DONTWAIT);
    if (seen < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) continue;
    if (seen <= 0) co_return taken == 0 ? "gone" : "PROXY header cut short";
    const std::size_t size = taken + static_cast<std::size_t>(seen);
    const auto state = parse_proxy_header({bytes.data(), size}, header);
    if (state == ProxyHeaderState::refused) co_return "no valid PROXY header";
    const std::size_t end = state == ProxyHeaderState::complete ? header.size : size;
    // They are there: a shorter read cannot happen.
    const auto read = ::recv(socket.native_handle(), bytes.data() + taken, end - taken, MSG_DONTWAIT);
    if (read != static_cast<ssize_t>(end - taken)) co_return "gone";
    if (state == ProxyHeaderState::complete) co_return std::string_view{};
    taken = end;
  }
}

}  // namespace

Awaitable<std::string_view> accept_handshake(Stream& stream, Peer& peer, const AcceptRules& rules) {
  if (rules.proxy_protocol && peer.is_trusted_proxy()) {
    ProxyHeader header;
    const std::string_view problem = co_await read_proxy_header(stream.socket(), header);
    if (!problem.empty()) co_return problem;
    // Who sends the header looks into no request: its X-Forwarded-* are the client's own.
    peer.distrust();
    if (header.has_source) peer = Peer(header.source, *rules.trusted_proxies);
  }
  if (rules.server_tls) {
    const int descriptor = stream.socket().native_handle();
    const error_code error = co_await stream.start_tls(tls::Engine::server(rules.server_tls, descriptor));
    if (error == asio::error::connection_refused) co_return stream.tls().failure();
    if (error) co_return "gone";
  }
  co_return std::string_view{};
}

}  // namespace postern::transport
