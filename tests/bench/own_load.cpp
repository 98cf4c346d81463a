// Load and service in one process, for what wrk cannot do: requests at a steady rate, and so little work for
// each that the proxy between is what is busy. Prints one line of JSON as peers/wrk.lua does.
//
// usage: own_load SERVICE-PORT, which says `listening`; then a line on standard input for each run:
//   REQUESTS PROXY-PORT CONNECTIONS SECONDS RATE
// REQUESTS has a line for each request, `target token` (no token: `-`), sent in turn. With a RATE above 0, in
// requests a second over all connections, a request goes out when its time has come and a connection is free;
// with 0, as soon as the answer before it is here.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int tcp_socket(int flags = 0) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
  if (fd < 0) fail("socket");
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  return fd;
}

struct Connection {
  enum class Side { client, service, listener };
  Side side;
  int fd;
  std::string received;  // of a message that is not whole yet
  Clock::time_point asked_at;
};

std::string answer() {
  const std::string body = "{\"items\":[" + std::string(211, 'x') + "\"]}";
  return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

class Load {
 public:
  explicit Load(int service_port) {
    Connection& listener = add(Connection::Side::listener, tcp_socket(SOCK_NONBLOCK));
    const sockaddr_in at = loopback(service_port);
    if (bind(listener.fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) fail("bind");
    if (listen(listener.fd, 1024) != 0) fail("listen");
  }

  void begin(const std::string& requests, int proxy_port, std::size_t connections) {
    read_requests(requests);
    const sockaddr_in proxy = loopback(proxy_port);
    for (std::size_t i = 0; i < connections; ++i) {
      const int fd = tcp_socket();
      if (connect(fd, reinterpret_cast<const sockaddr*>(&proxy), sizeof proxy) != 0) fail("connect");
      free_.push_back(&add(Connection::Side::client, fd));
    }
  }

  void run(std::chrono::seconds duration, double rate) {
    const auto begin = Clock::now();
    const auto end = begin + duration;
    auto now = begin;
    std::uint64_t due_before = 0;  // requests whose time has come
    while (now < end) {
      const double elapsed = std::chrono::duration<double>(now - begin).count();
      const auto due = static_cast<std::uint64_t>(elapsed * rate);
      std::size_t may_go = rate > 0 ? std::min<std::size_t>(due - due_before, free_.size()) : free_.size();
      // What found no free connection is late, not lost.
      due_before += may_go;
      for (; may_go != 0; --may_go) ask(now);
      handle_events(rate > 0 ? 0 : 100);
      now = Clock::now();
    }
    took_ = std::chrono::duration_cast<std::chrono::microseconds>(now - begin);
  }

  // And forgets the run.
  void report() {
    std::sort(latencies_.begin(), latencies_.end());
    const auto percentile = [this](std::size_t percent) {
      return latencies_.empty() ? 0U : latencies_[(latencies_.size() - 1) * percent / 100];
    };
    std::printf(
        "{\"requests\":%zu,\"microseconds\":%lld,\"bytes\":0,\"refused\":%llu,\"broken\":%llu,\"p50\":%u,"
        "\"p99\":%u}\n",
        latencies_.size(), static_cast<long long>(took_.count()), static_cast<unsigned long long>(refused_),
        static_cast<unsigned long long>(broken_), percentile(50), percentile(99));
    std::fflush(stdout);
    for (const auto& connection : connections_) {
      if (connection->side == Connection::Side::client && connection->fd >= 0) close(connection->fd);
    }
    std::erase_if(connections_,
                  [](const auto& one) { return one->side == Connection::Side::client || one->fd < 0; });
    free_.clear();
    latencies_.clear();
    requests_.clear();
    refused_ = broken_ = 0;
  }

 private:
  void read_requests(const std::string& path) {
    std::ifstream file(path);
    std::string line;
    while (std::getline(file, line)) {
      std::istringstream words(line);
      std::string target;
      std::string token;
      words >> target >> token;
      const std::string bearer = token == "-" ? "" : "Authorization: Bearer " + token + "\r\n";
      requests_.push_back("GET " + target + " HTTP/1.1\r\nHost: 127.0.0.1\r\n" + bearer + "\r\n");
    }
    if (requests_.empty()) fail("requests");
  }

  Connection& add(Connection::Side side, int fd) {
    connections_.push_back(std::make_unique<Connection>(Connection{side, fd, {}, {}}));
    Connection& connection = *connections_.back();
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = &connection;
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) fail("epoll_ctl");
    return connection;
  }

  void ask(Clock::time_point now) {
    Connection& client = *free_.back();
    free_.pop_back();
    const std::string& request = requests_[next_++ % requests_.size()];
    client.asked_at = now;
    if (send(client.fd, request.data(), request.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(request.size())) {
      ++broken_;
    }
  }

  void handle_events(int milliseconds) {
    std::array<epoll_event, 256> events;
    const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), milliseconds);
    for (int i = 0; i < count; ++i) {
      Connection& connection = *static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr);
      if (connection.side == Connection::Side::listener) {
        int fd = 0;
        while ((fd = accept4(connection.fd, nullptr, nullptr, SOCK_CLOEXEC)) >= 0) {
          const int on = 1;
          setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
          add(Connection::Side::service, fd);
        }
      } else {
        receive(connection);
      }
    }
  }

  void receive(Connection& connection) {
    std::array<char, 16384> room;
    const ssize_t count = recv(connection.fd, room.data(), room.size(), MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) {
      if (connection.side == Connection::Side::client) ++broken_;
      close(std::exchange(connection.fd, -1));
      return;
    }
    std::string_view here(room.data(), static_cast<std::size_t>(count));
    if (!connection.received.empty()) {
      connection.received += here;
      here = connection.received;
    }
    const std::size_t used =
        connection.side == Connection::Side::client ? take_answer(connection, here) : serve(connection, here);
    connection.received = std::string(here.substr(used));
  }

  // Requests have no body.
  std::size_t serve(Connection& service, std::string_view here) const {
    std::size_t used = 0;
    for (auto end = here.find("\r\n\r\n"); end != std::string_view::npos; end = here.find("\r\n\r\n", used)) {
      used = end + 4;
      if (send(service.fd, answer_.data(), answer_.size(), MSG_NOSIGNAL) < 0) break;
    }
    return used;
  }

  std::size_t take_answer(Connection& client, std::string_view here) {
    const auto end = here.find("\r\n\r\n");
    if (end == std::string_view::npos) return 0;
    constexpr std::string_view name = "ontent-Length: ";
    const auto at = here.find(name);
    const auto at_lower = at == std::string_view::npos ? here.find("ontent-length: ") : at;
    if (at_lower == std::string_view::npos || at_lower > end) {
      ++broken_;
      return here.size();
    }
    const std::size_t size = end + 4 + std::strtoul(here.data() + at_lower + name.size(), nullptr, 10);
    if (here.size() < size) return 0;
    if (here.substr(9, 3) != "200") ++refused_;
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - client.asked_at);
    latencies_.push_back(static_cast<std::uint32_t>(took.count()));
    free_.push_back(&client);
    return size;
  }

  const int epoll_ = epoll_create1(EPOLL_CLOEXEC);
  const std::string answer_ = answer();
  std::vector<std::string> requests_;
  std::size_t next_ = 0;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<Connection*> free_;
  std::vector<std::uint32_t> latencies_;
  std::uint64_t refused_ = 0;
  std::uint64_t broken_ = 0;
  std::chrono::microseconds took_{};
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: own_load SERVICE-PORT\n", stderr);
    return 2;
  }
  Load load(std::atoi(argv[1]));
  std::puts("listening");
  std::fflush(stdout);
  std::string line;
  while (std::getline(std::cin, line)) {
    std::istringstream words(line);
    std::string requests;
    int proxy_port = 0;
    std::size_t connections = 0;
    int seconds = 0;
    double rate = 0;
    if (!(words >> requests >> proxy_port >> connections >> seconds >> rate)) return 2;
    load.begin(requests, proxy_port, connections);
    load.run(std::chrono::seconds(seconds), rate);
    load.report();
  }
  return 0;
}
