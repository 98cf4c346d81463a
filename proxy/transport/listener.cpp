#include "transport/listener.hpp"

#include <linux/filter.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace postern::transport {
namespace {

constexpr int backlog = 4096;

struct Bound {
  int descriptor = -1;
  const char* failed = nullptr;  // the call that failed; errno says why
};

int open_socket(const Protocol::endpoint& endpoint) {
  return ::socket(endpoint.protocol().family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

bool bind_to(int descriptor, const Protocol::endpoint& endpoint) {
  return ::bind(descriptor, endpoint.data(), static_cast<socklen_t>(endpoint.size())) == 0;
}

Bound give_up(int descriptor, const char* failed) {
  const int why = errno;
  ::close(descriptor);
  errno = why;
  return {-1, failed};
}

Bound listen_on_port(const asio::ip::tcp::endpoint& endpoint) {
  const int descriptor = open_socket(endpoint);
  if (descriptor < 0) return {-1, "socket"};
  const int on = 1;
  ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  if (!bind_to(descriptor, endpoint) || ::listen(descriptor, backlog) != 0)
    return give_up(descriptor, "bind");
  return {descriptor, nullptr};
}

// Connecting takes permission to write. Before listen() nobody can connect, whatever the umask left.
Bound listen_on_path(const std::string& path, unsigned mode) {
  const asio::local::stream_protocol::endpoint endpoint(path);
  const int descriptor = open_socket(endpoint);
  if (descriptor < 0) return {-1, "socket"};
  if (!bind_to(descriptor, endpoint) || ::chmod(path.c_str(), mode) != 0 ||
      ::listen(descriptor, backlog) != 0) {
    return give_up(descriptor, "bind");
  }
  return {descriptor, nullptr};
}

// Without SO_REUSEPORT a port cannot be bound beside a socket that listens there, whoever's it is.
bool somebody_listens(const asio::ip::tcp::endpoint& endpoint) {
  if (endpoint.port() == 0) return false;
  const int descriptor = open_socket(endpoint);
  if (descriptor < 0) return false;
  const int on = 1;
  ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const bool in_use = !bind_to(descriptor, endpoint) && errno == EADDRINUSE;
  ::close(descriptor);
  return in_use;
}

std::uint16_t port_of(int descriptor) {
  asio::ip::tcp::endpoint endpoint;
  socklen_t size = static_cast<socklen_t>(endpoint.capacity());
  ::getsockname(descriptor, endpoint.data(), &size);
  return endpoint.port();
}

// A socket file that nobody listens on is left over from a process that was killed.
void remove_stale(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) return;
  asio::io_context context;
  asio::local::stream_protocol::socket probe(context);
  error_code error;
  probe.connect(asio::local::stream_protocol::endpoint(path), error);
  if (error == asio::error::connection_refused) ::unlink(path.c_str());
}

std::string failure(const config::Endpoint& endpoint, const std::string& why) {
  return "cannot listen on " + config::to_string(endpoint) + ": " + why;
}

}  // namespace

std::variant<Listeners, std::string> Listeners::open(const config::Endpoint& wanted, unsigned count,
                                                     unsigned mode) {
  Listeners listeners;
  if (const auto* unix = std::get_if<config::UnixEndpoint>(&wanted)) {
    if (unix->path.size() >= sizeof(sockaddr_un{}.sun_path)) return failure(wanted, "the path is too long");
    remove_stale(unix->path);
    const Bound bound = listen_on_path(unix->path, mode);
    if (bound.failed != nullptr) return failure(wanted, std::strerror(errno));
    listeners.unix_path_ = unix->path;
    listeners.descriptors_.push_back(bound.descriptor);
    while (listeners.descriptors_.size() < count) {
      listeners.descriptors_.push_back(::fcntl(bound.descriptor, F_DUPFD_CLOEXEC, 0));
    }
    listeners.address_ = config::to_string(wanted);
    return listeners;
  }

  const auto& tcp = std::get<config::TcpEndpoint>(wanted);
  asio::io_context context;
  asio::ip::tcp::resolver resolver(context);
  error_code error;
  const auto found =
      resolver.resolve(tcp.host, std::to_string(tcp.port), asio::ip::resolver_base::passive, error);
  if (error || found.empty()) return failure(wanted, "the host name has no address");
  asio::ip::tcp::endpoint endpoint = *found.begin();
  listeners.is_shared_ = somebody_listens(endpoint);
  for (unsigned i = 0; i < count; ++i) {
    const Bound bound = listen_on_port(endpoint);
    if (bound.failed != nullptr) return failure(wanted, std::strerror(errno));
    listeners.descriptors_.push_back(bound.descriptor);
    endpoint.port(port_of(bound.descriptor));
  }
  listeners.address_ =
      config::to_string(config::TcpEndpoint{endpoint.address().to_string(), endpoint.port()});
  return listeners;
}

Listeners::~Listeners() {
  remove_path();
  for (const int descriptor : descriptors_) ::close(descriptor);
}

void Listeners::remove_path() noexcept {
  if (!unix_path_.empty()) ::unlink(unix_path_.c_str());
  unix_path_.clear();
}

void refuse_new_connections(int descriptor) noexcept {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size);
  if (address.ss_family != AF_INET && address.ss_family != AF_INET6) return;
  // Of the flags in a segment's header (RFC 9293 3.1): SYN without ACK is dropped, all else passes.
  constexpr unsigned flags_at = 13, syn = 0x02, ack = 0x10;
  std::array<sock_filter, 5> program = {{
      {BPF_LD | BPF_B | BPF_ABS, 0, 0, flags_at},
      {BPF_ALU | BPF_AND | BPF_K, 0, 0, syn | ack},
      {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, syn},
      {BPF_RET | BPF_K, 0, 0, 0},
      {BPF_RET | BPF_K, 0, 0, UINT32_MAX},
  }};
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  ::setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter);
}

int Listeners::take() {
  const int descriptor = descriptors_.back();
  descriptors_.pop_back();
  return descriptor;
}

}  // namespace postern::transport
