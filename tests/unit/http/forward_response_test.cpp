#include "http/forward_response.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "http/chunk_writer.hpp"
#include "http/message_parser.hpp"

namespace {

using namespace postern::http;

DownstreamResponse known() {
  DownstreamResponse response;
  response.request_id = "r-1";
  return response;
}

const std::string id = "X-Request-Id: r-1\r\n";

std::string rewrite(const std::string& raw, const DownstreamResponse& response = known(),
                    std::string_view method = "GET") {
  ResponseParser parser(65536);
  ResponseHead head;
  REQUIRE(parser.parse(raw, method, head) == ParseState::complete);
  std::string out;
  write_response_head(out, head, response);
  return out;
}

struct Case {
  std::string raw;
  std::string expected;
  const char* why;
};

}  // namespace

TEST_CASE("a response head is written anew, byte for byte as expected") {
  const Case cases[] = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: text/plain\r\n\r\n",
       "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n" + id + "\r\n",
       "Content-Length"},
      {"HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\nTrailer: Digest\r\n\r\n",
       "HTTP/1.1 200 OK\r\nTrailer: Digest\r\nTransfer-Encoding: chunked\r\n" + id + "\r\n",
       "chunked, canonical"},
      {"HTTP/1.1 404 \r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 404 \r\nContent-Length: 0\r\n" + id + "\r\n",
       "an empty reason keeps its space"},
      {"HTTP/1.1 599 Not \xE9 Known\r\nContent-Length: 0\r\n\r\n",
       "HTTP/1.1 599 Not \xE9 Known\r\nContent-Length: 0\r\n" + id + "\r\n", "status and reason as sent"},
      {"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n",
       "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" + id + "\r\n", "the version is the gate's own"},
      {"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nContent-Length: 2\r\nset-cookie: b=2\r\nVary:\r\n\r\n",
       "HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nVary: \r\nContent-Length: 2\r\n" + id +
           "\r\n",
       "duplicates keep their order and spelling"},
  };
  for (const Case& test : cases) {
    CAPTURE(test.why);
    CHECK(rewrite(test.raw) == test.expected);
  }
}

TEST_CASE("the response head is appended to what is already there") {
  ResponseHead head;
  head.status = 200;
  head.reason = "OK";
  std::string out = "before";
  write_response_head(out, head, known());
  CHECK(out == "beforeHTTP/1.1 200 OK\r\n" + id + "\r\n");
}

TEST_CASE("what concerns the upstream connection ends at the gate") {
  const std::string begin = "HTTP/1.1 200 OK\r\n";
  const std::string end = "Content-Length: 0\r\n\r\n";
  const std::string rest = "Content-Length: 0\r\n" + id + "\r\n";
  const Case cases[] = {
      {"Connection: close\r\nKeep-Alive: timeout=5\r\nProxy-Connection: x\r\n", "", "connection fields"},
      {"Upgrade: h2c\r\nConnection: Upgrade\r\nTE: trailers\r\nkeep_alive: x\r\n", "", "upgrade, TE, folded"},
      {"X-Request-Id: other\r\nx_request_id: other\r\n", "", "the upstream's request id"},
      {"Connection: Set-Cookie, Content-Type\r\nSet-Cookie: a=1\r\nContent-Type: x\r\nA: b\r\n", "A: b\r\n",
       "nominated fields, as RFC 9110 7.6.1 says"},
      {"Connection: X-Request-Id, Content-Length\r\n", "", "framing and request id are not affected"},
      {"X-User-Id: alice\r\nWWW-Authenticate: Bearer\r\nmy_field: 1\r\n",
       "X-User-Id: alice\r\nWWW-Authenticate: Bearer\r\nmy_field: 1\r\n", "end-to-end fields pass"},
      {"Sec-WebSocket-Protocol: x\r\nHost: h\r\nForwarded: x\r\n",
       "Sec-WebSocket-Protocol: x\r\nHost: h\r\nForwarded: x\r\n", "what only a request gives a meaning"},
  };
  for (const Case& test : cases) {
    CAPTURE(test.why);
    CHECK(rewrite(begin + test.raw + end) == begin + test.expected + rest);
  }
}

TEST_CASE("a response without a body keeps the Content-Length that describes it") {
  CHECK(rewrite("HTTP/1.1 200 OK\r\nContent-Length: 42\r\nA: b\r\n\r\n", known(), "HEAD") ==
        "HTTP/1.1 200 OK\r\nContent-Length: 42\r\nA: b\r\n" + id + "\r\n");
  CHECK(rewrite("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", known(), "HEAD") ==
        "HTTP/1.1 200 OK\r\n" + id + "\r\n");
  CHECK(rewrite("HTTP/1.1 200 OK\r\nConnection: Content-Length\r\nContent-Length: 42\r\n\r\n", known(),
                "HEAD") == "HTTP/1.1 200 OK\r\nContent-Length: 42\r\n" + id + "\r\n");
  CHECK(rewrite("HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\ncontent-length: 42\r\n\r\n") ==
        "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\ncontent-length: 42\r\n" + id + "\r\n");
}

TEST_CASE("204 says nothing of a length, whatever the upstream says") {
  ResponseHead head;
  head.status = 204;
  head.reason = "No Content";
  head.fields = {{"Content-Length", "0"}, {"Transfer-Encoding", "chunked"}, {"A", "b"}};
  for (const Framing framing : {Framing::none, Framing::content_length, Framing::chunked}) {
    head.framing = framing;
    std::string out;
    write_response_head(out, head, known());
    CHECK(out == "HTTP/1.1 204 No Content\r\nA: b\r\n" + id + "\r\n");
  }
}

TEST_CASE("framing comes from the judged head, whatever the fields say") {
  ResponseHead head;
  head.status = 200;
  head.fields = {
      {"Content-Length", "9"}, {"content_length", "7"}, {"Transfer_Encoding", "chunked"}, {"A", "b"}};
  struct {
    Framing framing;
    const char* expected;
  } const cases[] = {
      {Framing::none, "Content-Length: 9\r\nA: b\r\n"},
      {Framing::content_length, "A: b\r\nContent-Length: 5\r\n"},
      {Framing::chunked, "A: b\r\nTransfer-Encoding: chunked\r\n"},
      {Framing::until_close, "A: b\r\n"},
  };
  head.content_length = 5;
  for (const auto& test : cases) {
    head.framing = test.framing;
    std::string out;
    write_response_head(out, head, known());
    CHECK(out == "HTTP/1.1 200 \r\n" + std::string(test.expected) + id + "\r\n");
  }
}

TEST_CASE("the client is told how its connection goes on") {
  struct {
    Version client;
    bool keep_alive;
    bool dechunk;
    std::string expected;
    const char* why;
  } const cases[] = {
      {Version::http_1_1, true, false, "Transfer-Encoding: chunked\r\n" + id, "HTTP/1.1 stays by default"},
      {Version::http_1_1, false, false, "Transfer-Encoding: chunked\r\n" + id + "Connection: close\r\n",
       "close"},
      {Version::http_1_0, false, true, id + "Connection: close\r\n", "HTTP/1.0 knows no chunks"},
      {Version::http_1_0, true, true, id + "Connection: keep-alive\r\n", "HTTP/1.0 stays only when told"},
  };
  for (const auto& test : cases) {
    CAPTURE(test.why);
    DownstreamResponse response = known();
    response.client_version = test.client;
    response.keep_alive = test.keep_alive;
    response.dechunk = test.dechunk;
    CHECK(rewrite("HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n",
                  response) == "HTTP/1.1 200 OK\r\n" + test.expected + "\r\n");
  }
}

TEST_CASE("a body delimited by close says so by Connection alone") {
  DownstreamResponse response = known();
  response.keep_alive = false;
  CHECK(rewrite("HTTP/1.0 200 OK\r\nContent-Type: x\r\n\r\n", response) ==
        "HTTP/1.1 200 OK\r\nContent-Type: x\r\n" + id + "Connection: close\r\n\r\n");
}

TEST_CASE("an interim response carries nothing of the gate's") {
  const Case cases[] = {
      {"HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n", "100"},
      {"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nConnection: x\r\nX: 1\r\nX-Request-Id: y\r\n\r\n",
       "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", "103, hop-by-hop removed"},
  };
  DownstreamResponse closing = known();
  closing.keep_alive = false;
  for (const Case& test : cases) {
    CAPTURE(test.why);
    CHECK(rewrite(test.raw) == test.expected);
    CHECK(rewrite(test.raw, closing) == test.expected);
    CHECK(rewrite(test.raw, {}) == test.expected);
  }
  ResponseHead head;
  head.status = 102;
  head.fields = {{"Content-Length", "5"}, {"Transfer-Encoding", "chunked"}};
  std::string out;
  write_response_head(out, head, known());
  CHECK(out == "HTTP/1.1 102 \r\n\r\n");
}

TEST_CASE("101 switches to websocket and selects the bearer subprotocol where nothing else was") {
  const std::string begin = "HTTP/1.1 101 Switching Protocols\r\n";
  const std::string raw =
      begin +
      "upgrade: WebSocket\r\nconnection: upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
  const std::string accept = begin + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
  const std::string upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
  CHECK(rewrite(raw + "\r\n") == accept + upgrade + id + "\r\n");

  DownstreamResponse response = known();
  response.keep_alive = false;
  response.add_bearer_subprotocol = true;
  CHECK(rewrite(raw + "\r\n", response) ==
        accept + upgrade + "Sec-WebSocket-Protocol: bearer\r\n" + id + "\r\n");
  CHECK(rewrite(raw + "sec-websocket-protocol: chat\r\n\r\n", response) ==
        accept + "sec-websocket-protocol: chat\r\n" + upgrade + id + "\r\n");
  CHECK(rewrite(raw + "Sec_WebSocket_Protocol: chat\r\n\r\n", response) ==
        accept + "Sec_WebSocket_Protocol: chat\r\n" + upgrade + "Sec-WebSocket-Protocol: bearer\r\n" + id +
            "\r\n");
  CHECK_MESSAGE(rewrite("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", response) ==
                    "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n" + id + "Connection: close\r\n\r\n",
                "a refused handshake selects nothing");
}

TEST_CASE("response trailers pass but for framing, connection and the request id") {
  const std::vector<Field> trailers = {
      {"Digest", "x"},
      {"Content-Length", "5"},
      {"content_length", "5"},
      {"Transfer-Encoding", "chunked"},
      {"Connection", "x"},
      {"Keep-Alive", "x"},
      {"TE", "x"},
      {"Upgrade", "x"},
      {"Proxy_Connection", "x"},
      {"Trailer", "x"},
      {"X-Request-Id", "x"},
      {"Server-Timing", "a;dur=1"},
      {"X-User-Id", "alice"},
      {"grpc-status", "0"},
  };
  std::string out = "data\r\n";
  write_last_chunk_downstream(out, trailers);
  CHECK(out ==
        "data\r\n0\r\nDigest: x\r\nServer-Timing: a;dur=1\r\nX-User-Id: alice\r\ngrpc-status: 0\r\n\r\n");
  out.clear();
  write_last_chunk_downstream(out, {});
  CHECK(out == "0\r\n\r\n");
}
