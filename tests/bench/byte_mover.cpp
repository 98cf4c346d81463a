// The least that a proxy can cost: one thread, one epoll, an upstream connection for each client connection,
// and bytes copied both ways without a look at them. What stands above it in the benchmark is HTTP and the
// checks. usage: byte_mover LISTEN-PORT UPSTREAM-PORT

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

namespace {

constexpr std::size_t buffer_size = 16384;

struct Pair;

// One socket, and what it has received that its other half has not taken yet.
struct End {
  int fd = -1;
  End* other = nullptr;
  Pair* pair = nullptr;
  std::array<char, buffer_size> buffer;
  std::size_t begin = 0;
  std::size_t end = 0;
  bool reading = true;
  bool writing = false;
};

struct Pair {
  End client;
  End upstream;
  bool closed = false;
};

class Mover {
 public:
  Mover(std::uint16_t listen_port, std::uint16_t upstream_port) : upstream_(loopback(upstream_port)) {
    const sockaddr_in address = loopback(listen_port);
    const int on = 1;
    setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        listen(listener_, 1024) != 0) {
      fail("listen");
    }
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = nullptr;  // the listener
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &event) != 0) fail("epoll_ctl");
  }

  [[noreturn]] void run() {
    std::array<epoll_event, 256> events{};
    for (;;) {
      const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
      if (count < 0 && errno != EINTR) fail("epoll_wait");
      for (int i = 0; i < count; ++i) serve(events[static_cast<std::size_t>(i)]);
      closed_.clear();  // only now: both halves may have stood in the same batch
    }
  }

 private:
  [[noreturn]] static void fail(const char* what) {
    std::perror(what);
    std::exit(1);
  }

  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
  }

  void serve(const epoll_event& event) {
    auto* end = static_cast<End*>(event.data.ptr);
    if (end == nullptr) return accept_one();
    if (end->pair->closed) return;
    if ((event.events & EPOLLOUT) != 0 && !flush(*end->other)) return close_pair(*end->pair);
    if ((event.events & ~static_cast<unsigned>(EPOLLOUT)) != 0 && !take(*end)) close_pair(*end->pair);
  }

  void accept_one() {
    const int client = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK);
    if (client < 0) return;
    const int upstream = socket(AF_INET, SOCK_STREAM, 0);
    // On loopback a connect is over at once; only the copying needs to be non-blocking.
    if (connect(upstream, reinterpret_cast<const sockaddr*>(&upstream_), sizeof upstream_) != 0)
      fail("connect");
    fcntl(upstream, F_SETFL, O_NONBLOCK);
    auto* pair = new Pair;
    pair->client.other = &pair->upstream;
    pair->upstream.other = &pair->client;
    adopt(*pair, pair->client, client);
    adopt(*pair, pair->upstream, upstream);
  }

  void adopt(Pair& pair, End& end, int fd) {
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    end.fd = fd;
    end.pair = &pair;
    watch(end, EPOLL_CTL_ADD);
  }

  void watch(End& end, int operation) {
    epoll_event event{};
    event.events = (end.reading ? unsigned{EPOLLIN} : 0U) | (end.writing ? unsigned{EPOLLOUT} : 0U);
    event.data.ptr = &end;
    if (epoll_ctl(epoll_, operation, end.fd, &event) != 0) fail("epoll_ctl");
  }

  // Reads once and passes it on; false when the pair is over.
  bool take(End& from) {
    if (!from.reading) return true;
    const ssize_t got = recv(from.fd, from.buffer.data(), from.buffer.size(), 0);
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    from.begin = 0;
    from.end = static_cast<std::size_t>(got);
    return got > 0 && flush(from);
  }

  // Writes what `from` holds to the other half. While something is left, nothing more is read.
  bool flush(End& from) {
    End& to = *from.other;
    while (from.begin < from.end) {
      const ssize_t sent = send(to.fd, from.buffer.data() + from.begin, from.end - from.begin, MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0 && errno != EAGAIN) return false;
      if (sent < 0) break;
      from.begin += static_cast<std::size_t>(sent);
    }
    const bool left = from.begin < from.end;
    if (left == to.writing) return true;
    to.writing = left;
    from.reading = !left;
    watch(to, EPOLL_CTL_MOD);
    watch(from, EPOLL_CTL_MOD);
    return true;
  }

  void close_pair(Pair& pair) {
    pair.closed = true;
    close(pair.client.fd);
    close(pair.upstream.fd);
    closed_.emplace_back(&pair);
  }

  int epoll_ = epoll_create1(0);
  int listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  sockaddr_in upstream_;
  std::vector<std::unique_ptr<Pair>> closed_;
};

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) {
    std::fputs("usage: byte_mover LISTEN-PORT UPSTREAM-PORT\n", stderr);
    return 2;
  }
  Mover(static_cast<std::uint16_t>(std::atoi(arguments[1])),
        static_cast<std::uint16_t>(std::atoi(arguments[2])))
      .run();
}
