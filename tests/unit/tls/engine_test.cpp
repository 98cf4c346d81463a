#include "tls/engine.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <ctime>
#include <string>

#include "pem.hpp"

using namespace postern;
using tls::Engine;
using tls::Outcome;

namespace {

// Two ends of a connection, with TLS between them.
struct Pair {
  Pair(const tls::Context& server_context, const tls::Context& client_context, const std::string& host,
       const tls::Session& resumed = nullptr) {
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()) == 0);
    server = Engine::server(server_context, ends[0]);
    client = Engine::client(client_context, ends[1], host, resumed);
  }
  ~Pair() {
    for (const int end : ends) ::close(end);
  }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;

  // As far as both sides get.
  void shake_hands() {
    Outcome of_client = Outcome::wants_read;
    Outcome of_server = Outcome::wants_read;
    for (int round = 0; round < 8; ++round) {
      if (of_client == Outcome::wants_read) of_client = client.handshake();
      if (of_server == Outcome::wants_read) of_server = server.handshake();
    }
    agreed = of_client == Outcome::done && of_server == Outcome::done;
  }

  std::array<int, 2> ends{};
  Engine server;
  Engine client;
  bool agreed = false;
};

struct Trust {
  pem::Key key = pem::new_key();
  std::string certificate = pem::certificate(key, "DNS:gate,IP:127.0.0.1");
  tls::Context server =
      std::get<tls::Context>(tls::make_server_context({certificate, pem::text_of(key), ""}));
  tls::Context client = std::get<tls::Context>(tls::make_client_context(certificate));
};

std::string read_all(Engine& engine) {
  std::string text;
  std::array<char, 64> room;
  std::size_t count = 0;
  while (engine.read(room, count) == Outcome::done) text.append(room.data(), count);
  return text;
}

}  // namespace

TEST_CASE("a certificate is good for its names alone") {
  const Trust trust;
  for (const std::string host : {"gate", "GATE", "127.0.0.1"}) {
    Pair pair(trust.server, trust.client, host);
    pair.shake_hands();
    CHECK(pair.agreed);
    CHECK(pair.client.failure().find("connection closed") == 0);
  }
  for (const std::string host : {"other", "gate.example", "127.0.0.2", "::1"}) {
    Pair pair(trust.server, trust.client, host);
    pair.shake_hands();
    CHECK_FALSE(pair.agreed);
    CHECK(pair.client.certificate_refused());
    CHECK(pair.client.failure().find("mismatch") != std::string_view::npos);
  }
}

TEST_CASE("the certificate that was verified is told apart, and who showed none has none") {
  const Trust trust;
  const Trust stranger;
  Pair pair(trust.server, trust.client, "gate");
  pair.shake_hands();
  REQUIRE(pair.agreed);
  const auto shown = pair.client.peer_certificate();
  REQUIRE(shown);
  CHECK(shown->not_after > std::time(nullptr));
  CHECK_FALSE(pair.server.peer_certificate());
  CHECK_FALSE(tls::Engine().peer_certificate());
  Pair other(stranger.server, stranger.client, "gate");
  other.shake_hands();
  REQUIRE(other.client.peer_certificate());
  CHECK(other.client.peer_certificate()->sha256 != shown->sha256);
  Pair refused(stranger.server, trust.client, "gate");
  refused.shake_hands();
  CHECK_FALSE(refused.client.peer_certificate());
}

TEST_CASE("a certificate that nobody vouches for is refused") {
  const Trust trust;
  const Trust stranger;
  Pair pair(stranger.server, trust.client, "gate");
  pair.shake_hands();
  CHECK_FALSE(pair.agreed);
  CHECK(pair.client.certificate_refused());
}

TEST_CASE("bytes go both ways, and each side's end is heard") {
  const Trust trust;
  Pair pair(trust.server, trust.client, "gate");
  pair.shake_hands();
  REQUIRE(pair.agreed);
  CHECK(pair.server.peek() == Outcome::wants_read);
  std::size_t count = 0;
  CHECK(pair.client.write("question", count) == Outcome::done);
  CHECK(pair.server.peek() == Outcome::done);
  pair.client.close_notify();
  CHECK(read_all(pair.server) == "question");
  std::array<char, 8> room;
  CHECK(pair.server.read(room, count) == Outcome::closed);
  // The other way is still open (RFC 8446 6.1).
  CHECK(pair.server.write("answer", count) == Outcome::done);
  CHECK(read_all(pair.client) == "answer");
}

TEST_CASE("a connection that breaks off has not ended") {
  const Trust trust;
  Pair pair(trust.server, trust.client, "gate");
  pair.shake_hands();
  ::shutdown(pair.ends[1], SHUT_WR);
  std::array<char, 8> room;
  std::size_t count = 0;
  CHECK(pair.server.read(room, count) == Outcome::failed);
  // It stays so.
  CHECK(pair.server.read(room, count) == Outcome::failed);
  CHECK(pair.server.write("x", count) == Outcome::failed);
  CHECK(pair.server.peek() == Outcome::failed);
}

TEST_CASE("a session is resumed") {
  const Trust trust;
  tls::Session session;
  {
    Pair pair(trust.server, trust.client, "gate");
    pair.shake_hands();
    CHECK_FALSE(pair.client.session());
    // What can be resumed comes behind the handshake (RFC 8446 4.6.1).
    CHECK(pair.client.peek() == Outcome::wants_read);
    session = pair.client.session();
    // Only a connection that was ended properly leaves one.
    pair.client.close_notify();
  }
  REQUIRE(session);
  Pair pair(trust.server, trust.client, "gate", session);
  pair.shake_hands();
  CHECK(pair.agreed);
  CHECK(pair.client.resumed());
}

TEST_CASE("an engine of nothing fails") {
  Engine engine;
  std::array<char, 8> room;
  std::size_t count = 0;
  CHECK_FALSE(engine);
  CHECK(engine.handshake() == Outcome::failed);
  CHECK(engine.read(room, count) == Outcome::failed);
  engine.close_notify();
  CHECK(engine.failure() == "connection closed");
}
