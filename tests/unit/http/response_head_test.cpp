#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "http/message_parser.hpp"

namespace {

using namespace postern::http;
using namespace std::string_literals;

constexpr std::size_t limit = 16384;

std::string describe(const ResponseHead& head) {
  std::string text = std::to_string(head.status);
  text.append(head.version == Version::http_1_0 ? " 1.0 '" : " 1.1 '").append(head.reason).append("'");
  if (head.framing == Framing::content_length) text += " length=" + std::to_string(head.content_length);
  if (head.framing == Framing::chunked) text += " chunked";
  if (head.framing == Framing::until_close) text += " until_close";
  for (const auto option : head.connection) text.append(" (").append(option).append(")");
  text += head.keep_alive ? " keep" : " close";
  if (head.websocket_accepted) text += " websocket";
  for (const Field& field : head.fields) {
    text.append("\n").append(field.name).append("=").append(field.value);
  }
  return text;
}

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

std::string in_one_piece(std::string_view bytes, std::string_view method) {
  ResponseParser parser(limit);
  ResponseHead head;
  CHECK(parser.parse(bytes, method, head) == ParseState::complete);
  CHECK(parser.fault() == HeadFault::none);
  return describe(head);
}

std::string in_two_pieces(std::string_view bytes, std::string_view method, std::size_t cut) {
  ResponseParser parser(limit);
  ResponseHead head;
  CHECK(parser.parse(bytes.substr(0, cut), method, head) == ParseState::incomplete);
  CHECK(parser.parse(bytes, method, head) == ParseState::complete);
  return describe(head);
}

// The buffer already holds what has not been "received" yet, so that a look beyond the end would show.
std::string byte_by_byte(std::string_view bytes, std::string_view method) {
  ResponseParser parser(limit);
  ResponseHead head;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    if (parser.parse(bytes.substr(0, size), method, head) != ParseState::incomplete) {
      return "decided after " + std::to_string(size);
    }
  }
  CHECK(parser.parse(bytes, method, head) == ParseState::complete);
  CHECK(parser.head_size() == bytes.size());
  return describe(head);
}

struct Case {
  std::string method;
  std::string raw;       // without the empty line
  std::string expected;  // the first line of what describe() writes
  std::string_view why;
};

void check_all(const std::vector<Case>& cases) {
  const std::string tails[] = {"", "HTTP/1.1 200 OK\r\n\r\n", "\r\n", "\n", "\0"s, " folded"};
  for (const Case& test : cases) {
    CAPTURE(test.why);
    const std::string raw = test.raw + "\r\n";
    const std::string whole = in_one_piece(raw, test.method);
    CHECK(first_line(whole) == test.expected);
    CHECK(byte_by_byte(raw, test.method) == whole);
    for (std::size_t cut = 0; cut < raw.size(); ++cut) CHECK(in_two_pieces(raw, test.method, cut) == whole);
    for (const std::string& tail : tails) {
      ResponseParser parser(limit);
      ResponseHead head;
      CHECK(parser.parse(raw + tail, test.method, head) == ParseState::complete);
      CHECK(parser.head_size() == raw.size());
    }
  }
}

const std::string length = "Content-Length: 5\r\n";
const std::string chunked = "Transfer-Encoding: chunked\r\n";
const std::string ok = "HTTP/1.1 200 OK\r\n";

}  // namespace

TEST_CASE("a status line has a version, a status and perhaps a reason") {
  check_all({
      {"GET", "HTTP/1.1 200 OK\r\n" + length, "200 1.1 'OK' length=5 keep", "as servers send it"},
      {"GET", "HTTP/1.1 404 \r\n" + length, "404 1.1 '' length=5 keep", "an empty reason"},
      {"GET", "HTTP/1.1 404\r\n" + length, "404 1.1 '' length=5 keep", "no reason and no space"},
      {"GET", "HTTP/1.1 500  a\tb \r\n" + length, "500 1.1 ' a\tb ' length=5 keep",
       "space in a reason as sent"},
      {"GET", "HTTP/1.1 400 \xE9\xFF\r\n" + length, "400 1.1 '\xE9\xFF' length=5 keep", "bytes over 0x7F"},
      {"GET", "HTTP/1.1 200 HTTP/1.1 500 No\r\n" + length, "200 1.1 'HTTP/1.1 500 No' length=5 keep",
       "the first status counts"},
      {"GET", "HTTP/1.1 599 x\r\n" + length, "599 1.1 'x' length=5 keep", "the highest status"},
      {"GET", "HTTP/1.0 200 OK\r\n" + length, "200 1.0 'OK' length=5 close", "HTTP/1.0"},
  });
}

TEST_CASE("the end of a response body is found as RFC 9112 6.3 says") {
  check_all({
      {"GET", ok + length, "200 1.1 'OK' length=5 keep", "by Content-Length"},
      {"GET", ok + "content-length:0\r\n", "200 1.1 'OK' length=0 keep", "an empty body"},
      {"GET", ok + "Content-Length: 9223372036854775807\r\n", "200 1.1 'OK' length=9223372036854775807 keep",
       "the longest"},
      {"GET", ok + chunked, "200 1.1 'OK' chunked keep", "by its chunks"},
      {"GET", ok + "transfer-encoding: CHUNKED\r\n", "200 1.1 'OK' chunked keep", "chunked in any case"},
      {"GET", ok, "200 1.1 'OK' until_close close", "by the end of the connection"},
      {"GET", ok + "Connection: keep-alive\r\n", "200 1.1 'OK' until_close (keep-alive) close",
       "keep-alive cannot hold without a length"},
      {"GET", "HTTP/1.1 205 x\r\n", "205 1.1 'x' until_close close", "205 is no exception"},
      {"GET", "HTTP/1.1 404 x\r\n", "404 1.1 'x' until_close close", "nor are errors"},
      {"POST", ok + length, "200 1.1 'OK' length=5 keep", "for any method"},
      {"HEAD", ok, "200 1.1 'OK' keep", "HEAD has no body"},
      {"HEAD", ok + length, "200 1.1 'OK' keep", "whatever the length"},
      {"HEAD", ok + chunked, "200 1.1 'OK' keep", "whatever the coding"},
      {"HEAD", "HTTP/1.1 404 x\r\n" + length, "404 1.1 'x' keep", "whatever the status"},
      {"head", ok + length, "200 1.1 'OK' length=5 keep", "methods have a case"},
      {"HEADER", ok + length, "200 1.1 'OK' length=5 keep", "another method"},
      {"GET", "HTTP/1.1 304 x\r\n", "304 1.1 'x' keep", "304 has no body"},
      {"GET", "HTTP/1.1 304 x\r\n" + length, "304 1.1 'x' keep", "304 may tell the length that 200 has"},
      {"GET", "HTTP/1.1 304 x\r\n" + chunked, "304 1.1 'x' keep", "and its coding"},
      {"GET", "HTTP/1.1 204 x\r\n", "204 1.1 'x' keep", "204 has no body"},
      {"GET", "HTTP/1.1 204 x\r\nContent-Length: 0\r\n", "204 1.1 'x' keep", "204 with a zero"},
      {"GET", "HTTP/1.1 204 x\r\n" + length, "204 1.1 'x' close", "204 with a length is the last to be read"},
      {"HEAD", "HTTP/1.1 204 x\r\n" + length, "204 1.1 'x' close", "the same for HEAD"},
      {"GET", "HTTP/1.1 100 Continue\r\n", "100 1.1 'Continue' keep", "an interim response has no body"},
      {"GET", "HTTP/1.1 103 x\r\nContent-Length: 0\r\n", "103 1.1 'x' keep", "an interim one with a zero"},
      {"HEAD", "HTTP/1.1 199 x\r\n", "199 1.1 'x' keep", "an interim one for HEAD"},
  });
}

TEST_CASE("a connection is used again only when version and options allow it") {
  check_all({
      {"GET", ok + length + "Connection: close\r\n", "200 1.1 'OK' length=5 (close) close", "close"},
      {"GET", ok + length + "Connection: a, CLOSE\r\n", "200 1.1 'OK' length=5 (a) (CLOSE) close",
       "in a list"},
      {"GET", ok + length + "Connection: close\r\nConnection: keep-alive\r\n",
       "200 1.1 'OK' length=5 (close) (keep-alive) close", "close wins"},
      {"GET", "HTTP/1.0 200 OK\r\n" + length + "Connection: Keep-Alive\r\n",
       "200 1.0 'OK' length=5 (Keep-Alive) keep", "HTTP/1.0 says so"},
      {"GET", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n", "200 1.0 'OK' until_close (keep-alive) close",
       "but not without a length"},
      {"HEAD", ok + "Connection: close\r\n", "200 1.1 'OK' (close) close", "close for HEAD"},
      {"GET", "HTTP/1.1 304 x\r\nConnection: close\r\n", "304 1.1 'x' (close) close", "close for 304"},
  });
}

TEST_CASE("a websocket is accepted by 101 with exactly that upgrade") {
  const std::string switching = "HTTP/1.1 101 x\r\n";
  check_all({
      {"GET", switching + "Connection: Upgrade\r\nUpgrade: websocket\r\n",
       "101 1.1 'x' (Upgrade) keep websocket", "accepted"},
      {"GET", switching + "upgrade:WebSocket\r\nconnection: keep-alive, UPGRADE\r\n",
       "101 1.1 'x' (keep-alive) (UPGRADE) keep websocket", "in any case and order"},
      {"GET", switching + "Upgrade: websocket\r\n", "101 1.1 'x' keep", "no connection option"},
      {"GET", switching + "Connection: upgrade\r\n", "101 1.1 'x' (upgrade) keep", "no protocol"},
      {"GET", switching + "Connection: upgrade\r\nUpgrade: h2c\r\n", "101 1.1 'x' (upgrade) keep",
       "another one"},
      {"GET", switching + "Connection: upgrade\r\nUpgrade: websocket, h2c\r\n", "101 1.1 'x' (upgrade) keep",
       "two"},
      {"GET", switching + "Connection: upgrade\r\nUpgrade: h2c\r\nUpgrade: websocket\r\n",
       "101 1.1 'x' (upgrade) keep", "two in two fields"},
      {"GET", "HTTP/1.1 200 x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n" + length,
       "200 1.1 'x' length=5 (upgrade) keep", "another status"},
  });
}

TEST_CASE("field lines of a response are kept as sent and in their order") {
  const std::string raw =
      ok + "A: b\r\nset-cookie:c\r\nSet-Cookie: d \r\nE:\r\nHost: a\r\nHost:\r\nX: \xE9\t\"\r\n\r\n";
  const std::string expected =
      "200 1.1 'OK' until_close close\nA=b\nset-cookie=c\nSet-Cookie=d\nE=\nHost=a\nHost=\nX=\xE9\t\"";
  CHECK(in_one_piece(raw, "GET") == expected);
  CHECK(byte_by_byte(raw, "GET") == expected);
}

TEST_CASE("a response parser answers the same until reset, which forgets the response before") {
  const std::string interim = "HTTP/1.1 103 x\r\nConnection: close\r\n\r\n";
  const std::string both = interim + ok + length + "\r\n";
  ResponseParser parser(limit);
  ResponseHead head;
  CHECK(parser.parse(both, "GET", head) == ParseState::complete);
  CHECK(parser.parse(both, "GET", head) == ParseState::complete);
  CHECK(parser.head_size() == interim.size());
  CHECK(first_line(describe(head)) == "103 1.1 'x' (close) close");

  parser.reset();
  CHECK(parser.head_size() == 0);
  CHECK(parser.parse(std::string_view(both).substr(interim.size()), "GET", head) == ParseState::complete);
  CHECK(describe(head) == "200 1.1 'OK' length=5 keep\nContent-Length=5");

  parser.reset();
  CHECK(parser.parse(ok + length + "\n", "GET", head) == ParseState::refused);
  CHECK(parser.parse(ok + length + "\r\n", "GET", head) == ParseState::refused);
  CHECK(parser.fault() == HeadFault::bare_line_feed);

  parser.reset();
  CHECK(parser.fault() == HeadFault::none);
  const std::string last = ok + chunked + "\r\n";
  CHECK(parser.parse(last, "GET", head) == ParseState::complete);
  CHECK(describe(head) == "200 1.1 'OK' chunked keep\nTransfer-Encoding=chunked");
}
