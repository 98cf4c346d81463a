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

std::string describe(const RequestHead& head) {
  std::string text(head.method);
  text.append(" ").append(head.target).append(head.version == Version::http_1_0 ? " 1.0" : " 1.1");
  text.append(" host=").append(head.host);
  if (head.framing == Framing::content_length) text += " length=" + std::to_string(head.content_length);
  if (head.framing == Framing::chunked) text += " chunked";
  if (head.framing == Framing::until_close) text += " until_close";
  for (const auto option : head.connection) text.append(" (").append(option).append(")");
  text += head.keep_alive ? " keep" : " close";
  if (head.expects_continue) text += " continue";
  if (head.websocket_upgrade) text += " websocket";
  return text;
}

std::string describe_fields(const RequestHead& head) {
  std::string text;
  for (const Field& field : head.fields) text.append(field.name).append("=").append(field.value).append(";");
  return text;
}

std::string in_one_piece(std::string_view bytes) {
  RequestParser parser(limit);
  RequestHead head;
  CHECK(parser.parse(bytes, head) == ParseState::complete);
  CHECK(parser.fault() == HeadFault::none);
  return describe(head) + "\n" + describe_fields(head);
}

// The buffer already holds what has not been "received" yet, so that a look beyond the end would show.
std::string byte_by_byte(std::string_view bytes) {
  RequestParser parser(limit);
  RequestHead head;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    if (parser.parse(bytes.substr(0, size), head) != ParseState::incomplete) {
      return "decided after " + std::to_string(size);
    }
  }
  CHECK(parser.parse(bytes, head) == ParseState::complete);
  CHECK(parser.head_size() == bytes.size());
  return describe(head) + "\n" + describe_fields(head);
}

std::string in_two_pieces(std::string_view bytes, std::size_t cut) {
  RequestParser parser(limit);
  RequestHead head;
  CHECK(parser.parse(bytes.substr(0, cut), head) == ParseState::incomplete);
  CHECK(parser.parse(bytes, head) == ParseState::complete);
  return describe(head) + "\n" + describe_fields(head);
}

struct Case {
  std::string raw;
  std::string expected;  // as describe() writes it
  std::string_view why;
};

// A GET with these field lines.
std::string get(const std::string& fields) {
  return "GET / HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n";
}

std::string repeated(std::string_view text, std::size_t count) {
  std::string result;
  for (std::size_t i = 0; i < count; ++i) result += text;
  return result;
}

const std::vector<Case>& honest_heads() {
  static const std::vector<Case> cases = {
      {get(""), "GET / 1.1 host=h keep", "the shortest that a client sends"},
      {"\r\n" + get(""), "GET / 1.1 host=h keep", "one empty line before it (RFC 9112 2.2)"},
      {"X!#$%&'*+-.^_`|~9z /a HTTP/1.1\r\nHost:h\r\n\r\n", "X!#$%&'*+-.^_`|~9z /a 1.1 host=h keep",
       "any token is a method"},
      {"get / HTTP/1.1\r\nHost: h\r\n\r\n", "get / 1.1 host=h keep", "methods have a case, and keep it"},
      {"OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", "OPTIONS * 1.1 host=h keep", "targets are judged elsewhere"},
      {"GET http://o:81/a?b HTTP/1.1\r\nHost: h\r\n\r\n", "GET http://o:81/a?b 1.1 host=h keep",
       "absolute-form as sent"},
      {"GET /%2f/\\../\xC3\xA9?\"#x HTTP/1.1\r\nHost: h\r\n\r\n",
       "GET /%2f/\\../\xC3\xA9?\"#x 1.1 host=h keep", "every byte of the target as sent"},
      {"GET / HTTP/1.1\r\nhOST:[::1]:80\r\n\r\n", "GET / 1.1 host=[::1]:80 keep", "Host in any case"},
      {"GET / HTTP/1.1\r\nHost: \t h:80\t \r\n\r\n", "GET / 1.1 host=h:80 keep", "space around a value"},
      {"GET / HTTP/1.0\r\n\r\n", "GET / 1.0 host= close", "HTTP/1.0 needs no Host"},
      {"GET / HTTP/1.0\r\nHost: h\r\nConnection: Keep-Alive\r\n\r\n", "GET / 1.0 host=h (Keep-Alive) keep",
       "HTTP/1.0 stays when asked to"},
      {"POST / HTTP/1.0\r\nContent-Length: 3\r\n\r\n", "POST / 1.0 host= length=3 close", "HTTP/1.0 body"},
      {get("Content-Length: 0\r\n"), "GET / 1.1 host=h length=0 keep", "an empty body"},
      {get("content-LENGTH:42\r\n"), "GET / 1.1 host=h length=42 keep", "Content-Length in any case"},
      {get("Content-Length:  42  \r\n"), "GET / 1.1 host=h length=42 keep", "space around the length"},
      {get("Content-Length: 0000000000000000042\r\n"), "GET / 1.1 host=h length=42 keep", "19 digits"},
      {get("Content-Length: 9223372036854775807\r\n"), "GET / 1.1 host=h length=9223372036854775807 keep",
       "the longest, 2^63 - 1"},
      {get("Transfer-Encoding: chunked\r\n"), "GET / 1.1 host=h chunked keep", "chunked"},
      {get("transfer-encoding:cHuNKeD \r\n"), "GET / 1.1 host=h chunked keep", "chunked in any case"},
      {get("X-Content-Length: 5\r\nContent-Lengths: 5\r\nContentLength: 5\r\n"), "GET / 1.1 host=h keep",
       "other names frame nothing"},
      {get("Connection: close\r\n"), "GET / 1.1 host=h (close) close", "close"},
      {get("Connection: keep-alive\r\nConnection: CLOSE\r\n"), "GET / 1.1 host=h (keep-alive) (CLOSE) close",
       "close wins, in any field"},
      {get("Connection: ,a ,\t, B,\r\n"), "GET / 1.1 host=h (a) (B) keep",
       "empty list elements (9110 5.6.1.2)"},
      {get("Connection:\r\n"), "GET / 1.1 host=h keep", "an empty list"},
      {get("Connection: closed\r\n"), "GET / 1.1 host=h (closed) keep", "an option of another name"},
      {get("Expect: 100-Continue\r\n"), "GET / 1.1 host=h keep continue", "Expect in any case"},
      {get("Expect: 100-continue\r\nExpect: 100-continue\r\n"), "GET / 1.1 host=h keep",
       "Expect twice is nothing that the gate answers"},
      {get("Expect: 200-ok\r\n"), "GET / 1.1 host=h keep", "another expectation"},
      {"GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n", "GET / 1.0 host= close",
       "Expect on HTTP/1.0 (9110 10.1.1)"},
      {get("Connection: Upgrade\r\nUpgrade: WebSocket\r\n"), "GET / 1.1 host=h (Upgrade) keep websocket",
       "websocket in any case"},
      {get("Upgrade: websocket\r\nConnection: keep-alive, upgrade\r\nContent-Length: 0\r\n"),
       "GET / 1.1 host=h length=0 (keep-alive) (upgrade) keep websocket", "in any order, with an empty body"},
      {get("Upgrade: websocket\r\n"), "GET / 1.1 host=h keep", "Upgrade without the connection option"},
      {get("Connection: upgrade\r\n"), "GET / 1.1 host=h (upgrade) keep", "the option without Upgrade"},
      {get("Connection: upgrade\r\nUpgrade: h2c\r\n"), "GET / 1.1 host=h (upgrade) keep", "another protocol"},
      {get("Connection: upgrade\r\nUpgrade: websocket, h2c\r\n"), "GET / 1.1 host=h (upgrade) keep",
       "a choice"},
      {get("Connection: upgrade\r\nUpgrade: h2c\r\nUpgrade: websocket\r\n"),
       "GET / 1.1 host=h (upgrade) keep", "a choice in two fields"},
      {"POST / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
       "POST / 1.1 host=h (upgrade) keep", "only GET opens a websocket"},
      {"GET / HTTP/1.0\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
       "GET / 1.0 host=h (upgrade) close", "HTTP/1.0 cannot upgrade"},
  };
  return cases;
}

}  // namespace

TEST_CASE("an honest request head is read as meant, however it is cut") {
  for (const Case& test : honest_heads()) {
    CAPTURE(test.why);
    const std::string whole = in_one_piece(test.raw);
    CHECK(whole.substr(0, whole.find('\n')) == test.expected);
    CHECK(byte_by_byte(test.raw) == whole);
    for (std::size_t cut = 0; cut < test.raw.size(); ++cut) CHECK(in_two_pieces(test.raw, cut) == whole);
  }
}

TEST_CASE("what follows a request head is left to its reader, whatever it is") {
  const std::string tails[] = {
      "GET /next HTTP/1.1\r\nHost: i\r\n\r\n", "\r\n", "\n", "\0\x01"s, "body", " folded"};
  for (const Case& test : honest_heads()) {
    CAPTURE(test.why);
    for (const std::string& tail : tails) {
      const std::string raw = test.raw + tail;
      CHECK(in_one_piece(raw) == in_one_piece(test.raw));
      RequestParser parser(limit);
      RequestHead head;
      REQUIRE(parser.parse(raw, head) == ParseState::complete);
      CHECK(parser.head_size() == test.raw.size());
    }
  }
}

TEST_CASE("field lines are kept as sent and in their order, without the space around their values") {
  const Case cases[] = {
      {"", "", "none but Host"},
      {"A: b\r\na:c\r\nA: b\r\n", "A=b;a=c;A=b;", "duplicates and their case stay"},
      {"A:\r\nB: \t \r\n", "A=;B=;", "empty values"},
      {"A: b  c\td:e \r\n", "A=b  c\td:e;", "space within and colons stay"},
      {"A::b\r\n", "A=:b;", "the first colon ends the name"},
      {"A: \xC3\xA9\xFF\r\n", "A=\xC3\xA9\xFF;", "bytes over 0x7F (obs-text)"},
      {"!#$%&'*+-.^_`|~0Az: \"quoted, \\\" \"\r\n", "!#$%&'*+-.^_`|~0Az=\"quoted, \\\" \";",
       "any token, any text"},
      {"X_User_Id: bob\r\nx-user-id: eve\r\n", "X_User_Id=bob;x-user-id=eve;",
       "identity is judged elsewhere"},
      {"A: " + std::string(9000, 'v') + "\r\n", "A=" + std::string(9000, 'v') + ";", "a long value"},
      {repeated("A:b\r\n", max_field_lines - 1), repeated("A=b;", max_field_lines - 1), "the most fields"},
  };
  for (const Case& test : cases) {
    CAPTURE(test.why);
    const std::string whole = in_one_piece(get(test.raw));
    CHECK(whole == "GET / 1.1 host=h keep\nHost=h;" + test.expected);
    CHECK(byte_by_byte(get(test.raw)) == whole);
  }
}

TEST_CASE("the most connection options of all fields together still pass") {
  const std::string raw = get("Connection: " + repeated("a,", 40) +
                              "\r\nConnection: " + repeated("b,", max_connection_options - 40) + "\r\n");
  RequestParser parser(limit);
  RequestHead head;
  CHECK(parser.parse(raw, head) == ParseState::complete);
  CHECK(head.connection.size() == max_connection_options);
}

TEST_CASE("every part of a head is a view into the buffer, so that nothing of it is copied") {
  const std::string raw = get("A: b\r\nConnection: close\r\n");
  RequestParser parser(limit);
  RequestHead head;
  REQUIRE(parser.parse(raw, head) == ParseState::complete);
  CHECK(head.method.data() == raw.data());
  CHECK(head.target.data() == raw.data() + raw.find('/'));
  CHECK(head.host.data() == raw.data() + raw.find("h\r\n"));
  CHECK(head.fields[1].name.data() == raw.data() + raw.find("A:"));
  CHECK(head.fields[1].value.data() == raw.data() + raw.find("b\r\n"));
  CHECK(head.connection[0].data() == raw.data() + raw.find("close"));
}

TEST_CASE("an outcome stands until reset, which makes the parser ready for the next head") {
  const std::string first = "POST / HTTP/1.0\r\nContent-Length: 5\r\nExpect: x\r\nConnection: close\r\n\r\n";
  const std::string both = first + get("Expect: 100-continue\r\n");
  const std::string bad = "GET / HTTP/1.1\r\nContent-Length: 5\r\nExpect: x\r\nUpgrade: x\r\n\n";
  RequestParser parser(limit);
  RequestHead head;
  CHECK(parser.parse(both, head) == ParseState::complete);
  CHECK(parser.parse(both, head) == ParseState::complete);
  CHECK(parser.head_size() == first.size());
  CHECK(describe(head) == "POST / 1.0 host= length=5 (close) close");

  parser.reset();
  CHECK(parser.head_size() == 0);
  CHECK(parser.parse(std::string_view(both).substr(first.size()), head) == ParseState::complete);
  CHECK(describe(head) == "GET / 1.1 host=h keep continue");

  parser.reset();
  CHECK(parser.parse(bad, head) == ParseState::refused);
  CHECK(parser.parse(bad + "\r\n", head) == ParseState::refused);
  CHECK(parser.parse(get(""), head) == ParseState::refused);
  CHECK(parser.fault() == HeadFault::bare_line_feed);

  parser.reset();
  CHECK(parser.fault() == HeadFault::none);
  const std::string websocket = get("Connection: upgrade\r\nUpgrade: websocket\r\n");
  CHECK(parser.parse(websocket, head) == ParseState::complete);
  CHECK(describe(head) == "GET / 1.1 host=h (upgrade) keep websocket");
}
