// What Beast 1.81 accepts, ignores or waits for, and this gate does not: each row was run against Beast
// alone.

#include "http/message_parser.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace postern::http;
using namespace std::string_literals;
using enum HeadFault;

constexpr std::size_t limit = 16384;

struct Row {
  std::string raw;
  HeadFault fault;  // none: accepted
  std::string_view why;
};

// The outcome, which must be the same for the bytes at once, one by one and in pieces of some sizes.
template <typename Parser>
HeadFault verdict_on(const Row& row, std::size_t max_head_bytes) {
  HeadFault verdict = none;
  for (std::size_t step : {row.raw.size(), std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{7}}) {
    Parser parser(max_head_bytes);
    typename Parser::Head head;
    auto state = ParseState::incomplete;
    for (std::size_t came = 0; state == ParseState::incomplete && came < row.raw.size();) {
      came = std::min(row.raw.size(), came + step);
      state = parser.parse(std::string_view(row.raw).substr(0, came), "GET", head);
    }
    CHECK(state == (row.fault == none ? ParseState::complete : ParseState::refused));
    CHECK_MESSAGE(parser.fault() == row.fault, text_of(parser.fault()), " in steps of ", step);
    verdict = parser.fault();
  }
  return verdict;
}

template <typename Parser>
void check_rows(const std::vector<Row>& rows, std::size_t max_head_bytes = limit) {
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CAPTURE(row.raw.substr(0, 200));
    CHECK(text_of(verdict_on<Parser>(row, max_head_bytes)) == text_of(row.fault));
  }
}

const std::string get = "GET / HTTP/1.1\r\nHost: h\r\n";
const std::string post = "POST / HTTP/1.1\r\nHost: h\r\n";
const std::string ok = "HTTP/1.1 200 OK\r\n";

struct BodyRow {
  std::string raw;
  ChunkFault fault;  // none with `waits`: more is needed
  std::string_view why;
  bool waits = false;
};

// In pieces of `step` bytes, as a connection reads them: what is pending comes again with more.
template <typename Parser>
void check_body(const BodyRow& row, const std::string& head_text, std::size_t step) {
  CAPTURE(step);
  const std::string raw = head_text + "Transfer-Encoding: chunked\r\n\r\n" + row.raw;
  Parser parser(limit);
  typename Parser::Head head;
  REQUIRE(parser.parse(raw, "GET", head) == ParseState::complete);
  std::size_t used = parser.head_size();
  std::size_t came = used;
  auto state = BodyStep::State::need_input;
  while (state == BodyStep::State::data || (state == BodyStep::State::need_input && came < raw.size())) {
    if (state == BodyStep::State::need_input) came = std::min(raw.size(), came + step);
    const auto found = parser.next(std::string_view(raw).substr(used, came - used));
    state = found.state;
    used += found.consumed;
  }
  if (row.waits) {
    CHECK(state == BodyStep::State::need_input);
    return;
  }
  const auto expected = row.fault == ChunkFault::none ? BodyStep::State::finished : BodyStep::State::refused;
  CHECK(state == expected);
  CHECK_MESSAGE(parser.body_fault() == row.fault, text_of(parser.body_fault()));
}

void check_bodies(const std::vector<BodyRow>& rows) {
  for (const BodyRow& row : rows) {
    CAPTURE(row.why);
    CAPTURE(row.raw.substr(0, 200));
    for (const std::size_t step : {row.raw.size(), std::size_t{1}, std::size_t{2}, std::size_t{5}}) {
      check_body<RequestParser>(row, post, step);
      check_body<ResponseParser>(row, ok, step);
    }
  }
}

std::string repeated(std::string_view text, std::size_t count) {
  std::string result;
  for (std::size_t i = 0; i < count; ++i) result += text;
  return result;
}

}  // namespace

TEST_CASE("lines that Beast joins, and line ends that it finds late, are refused however they are cut") {
  check_rows<RequestParser>({
      {get + "A: b\r\n c\r\n\r\n", obsolete_line_folding, "obs-fold, which Beast joins in memory of its own"},
      {get + "A:\r\n b\r\n\r\n", obsolete_line_folding, "behind the colon, where Beast's value is a view"},
      {post + "Transfer-Encoding:\r\n chunked\r\n\r\n", obsolete_line_folding, "a folded coding"},
      {"GET / HTTP/1.1\nHost: h\n\n", bare_line_feed, "for which Beast waits for ever, byte by byte"},
      {get + "A: b\n\r\n", bare_line_feed, "in the fields"},
      {get + "A: b\rc\r\n\r\n", bare_carriage_return, "a bare CR"},
      {get + "A: b\r\r\n\r\n", bare_carriage_return, "CR CR LF"},
  });
}

TEST_CASE("of two faults the first is told, however the bytes are cut") {
  const std::string raw = "HTTP/1.1 200 OK\r\nContent-Length: \r\nna\x87me: 2\r\n\r\n";
  for (std::size_t cut = 0; cut < raw.size(); ++cut) {
    CAPTURE(cut);
    ResponseParser parser(1 << 16);
    ResponseHead head;
    if (parser.parse(std::string_view(raw).substr(0, cut), "GET", head) != ParseState::refused) {
      parser.parse(raw, "GET", head);
    }
    CHECK(parser.fault() == HeadFault::malformed_content_length);
  }
}

TEST_CASE("a request line is judged beyond Beast's reading") {
  check_rows<RequestParser>({
      {"GET /\xC3\xA9 HTTP/1.1\r\nHost: h\r\n\r\n", none,
       "bytes over 0x7F, which the target's own rules refuse"},
      {"\r\n" + get + "\r\n", none, "one empty line before it, which Beast refuses"},
      {"\r\n\r\n" + get + "\r\n", malformed_request_line, "two of them"},
      {"GET / HTTP/1.2\r\n", unsupported_version, "other versions, one error with malformed ones to Beast"},
      {"GET / HTTP/9.9\r\n", unsupported_version, "the highest"},
      {"GET / HTTP/1.x\r\n", malformed_request_line, "no version"},
      {"G(T / HTTP/2.0\r\n", malformed_request_line, "no method before another version"},
      {"CONNECT h:1 HTTP/1.1\r\nHost: h:1\r\n\r\n", refused_method, "CONNECT"},
      {"TRACE / HTTP/1.1\r\nHost: h\r\n\r\n", refused_method, "TRACE"},
      {"trace / HTTP/1.1\r\nHost: h\r\n\r\n", refused_method, "in lower case"},
  });
}

TEST_CASE("Host is nothing to Beast") {
  check_rows<RequestParser>({
      {"GET / HTTP/1.1\r\n\r\n", missing_host, "none"},
      {get + "Host: h\r\n\r\n", duplicate_host, "two"},
      {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", malformed_host, "one that is no host"},
  });
}

TEST_CASE("framing that Beast accepts or ignores is refused") {
  const std::vector<std::pair<std::string, HeadFault>> fields = {
      {"Content-Length: 2, 2\r\n", malformed_content_length},
      {"Content-Length: 2\r\nContent-Length: 2\r\n", duplicate_content_length},
      {"Content-Length:\t2\r\n", malformed_content_length},
      {"Content-Length: 00000000000000000002\r\n", malformed_content_length},
      {"Content-Length: 18446744073709551615\r\n", malformed_content_length},
      {"Transfer-Encoding: gzip, chunked\r\n", malformed_transfer_encoding},
      {"Transfer-Encoding: chunked;q=1\r\n", malformed_transfer_encoding},
      {"Transfer-Encoding: ,chunked\r\n", malformed_transfer_encoding},
      {"Transfer-Encoding: chunked, gzip\r\n", malformed_transfer_encoding},
      {"Transfer-Encoding: chunked, chunked\r\n", malformed_transfer_encoding},
      {"Transfer-Encoding: identity\r\n", malformed_transfer_encoding},
      {"Transfer-Encoding: \"chunked\"\r\n", malformed_transfer_encoding},
      {"Transfer-Encoding:\r\n", malformed_transfer_encoding},
      {"Transfer-Encoding: gzip\r\nContent-Length: 5\r\n", malformed_transfer_encoding},
      {"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", conflicting_framing},
      {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", conflicting_framing},
      {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", malformed_transfer_encoding},
      {"Content_Length: 5\r\n", underscored_framing},
      {"Transfer_Encoding: chunked\r\n", underscored_framing},
  };
  for (const auto& [field, fault] : fields) {
    check_rows<RequestParser>({{post + field + "\r\n", fault, field}});
    check_rows<ResponseParser>({{ok + field + "\r\n", fault, field}});
  }
  check_rows<RequestParser>({{"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", conflicting_framing,
                              "HTTP/1.0 knows no chunks"}});
}

TEST_CASE(
    "Connection and Proxy-Connection are lists, and only Connection says whether a connection persists") {
  check_rows<RequestParser>({
      {get + "Connection: a b\r\n\r\n", malformed_connection, "no list"},
      {get + "Proxy-Connection: a b\r\n\r\n", malformed_connection, "which Beast takes for Connection"},
  });
  RequestParser parser(limit);
  RequestHead head;
  CHECK(parser.parse(get + "Proxy-Connection: close\r\n\r\n", head) == ParseState::complete);
  CHECK(head.keep_alive);
  CHECK(head.connection.empty());
  parser.reset();
  const std::string both = "GET / HTTP/1.0\r\nConnection: close, keep-alive\r\n\r\n";
  CHECK(parser.parse(both, head) == ParseState::complete);
  CHECK_FALSE(head.keep_alive);
}

TEST_CASE("a status line is judged beyond Beast's reading") {
  check_rows<ResponseParser>({
      {"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", none, "no space behind the status, which Beast refuses"},
      {"HTTP/1.0 204\r\n\r\n", none, "nor in HTTP/1.0"},
      {"HTTP/1.1 000 x\r\n\r\n", malformed_status_line, "zero"},
      {"HTTP/1.1 099 x\r\n\r\n", malformed_status_line, "below 100"},
      {"HTTP/1.1 600 x\r\n\r\n", malformed_status_line, "above 599"},
      {"HTTP/1.1 999\r\n\r\n", malformed_status_line, "above 599, without a space"},
  });
}

TEST_CASE("the limit counts the start line and the fields together") {
  const std::string line = "GET /" + std::string(30, 'x') + " HTTP/1.1\r\n";
  check_rows<RequestParser>({{line + "Host: h\r\nA: " + std::string(30, 'x') + "\r\n\r\n", head_too_large,
                              "of which Beast lets each be as long as the limit"}},
                            64);
}

TEST_CASE("chunk framing that Beast accepts, ignores or waits for is refused") {
  using enum ChunkFault;
  check_bodies({
      {"5\r\nhello\r\n0\r\n\r\n", none, "an honest body"},
      {std::string(40, '0') + "5\r\nhello\r\n0\r\n\r\n", malformed_size, "endless zeros"},
      {"ffffffffffffffff\r\n", malformed_size, "2^64 - 1"},
      {"5 ;x\r\nhello\r\n0\r\n\r\n", malformed_extension, "white space before an extension"},
      {"5; x = y\r\nhello\r\n0\r\n\r\n", malformed_extension, "white space within"},
      {"5;x=\"\n\"\r\nhello\r\n0\r\n\r\n", bare_line_ending, "a quoted LF"},
      {"5;x=\"\0\"\r\nhello\r\n0\r\n\r\n"s, malformed_extension, "a quoted NUL"},
      {"5;" + std::string(300, 'x') + "\r\nhello\r\n0\r\n\r\n", line_too_long, "an extension of any length"},
      {"5;" + std::string(300, 'x'), line_too_long, "found while it is pending"},
      {"0\n\r\n", bare_line_ending, "LF in the last line"},
      {"0\r\nA: " + std::string(8192, 'x') + "\r\n\r\n", line_too_long, "trailers of any size"},
      {"0\r\n" + repeated("A:b\r\n", 65) + "\r\n", line_too_long, "any number of trailers"},
      {"0\r\nA: b\r\n c\r\n\r\n", malformed_trailer, "folded trailers"},
      {"0\r\nA:\r\n c\r\n\r\n", malformed_trailer, "folded behind the colon"},
      {"0\r\nContent-Length: 5\r\n\r\n", malformed_trailer, "a length in the trailers"},
      {"0\r\nTransfer-Encoding: gzip\r\n\r\n", malformed_trailer, "a coding in the trailers"},
      {"0\r\nConnection: \"x\"\r\n\r\n", malformed_trailer, "a Connection that is no list"},
      {"0\r\n\r", none, "the last chunk cut where Beast asserts", true},
      {"5\r\nhello\r\n0\r\nX", none, "and behind data", true},
      {"5\r\nhello", none, "data cut at its end", true},
      {"5\r\nhello\r\n", none, "and behind its CRLF", true},
  });
}

TEST_CASE("what the trailers say of the connection is not heard") {
  const std::string raw = ok +
                          "Transfer-Encoding: chunked\r\n\r\n"
                          "0\r\nConnection: close\r\nUpgrade: websocket\r\n\r\n";
  ResponseParser parser(limit);
  ResponseHead head;
  REQUIRE(parser.parse(raw, "GET", head) == ParseState::complete);
  CHECK(parser.next(std::string_view(raw).substr(parser.head_size())).state == BodyStep::State::finished);
  CHECK(head.keep_alive);
  CHECK_FALSE(head.websocket_accepted);
  CHECK(parser.trailers().size() == 2);
}

TEST_CASE("no input within a chunk needs more, and is no error") {
  RequestParser parser(limit);
  RequestHead head;
  REQUIRE(parser.parse(post + "Transfer-Encoding: chunked\r\n\r\n", head) == ParseState::complete);
  CHECK(parser.next("5\r\nhe").data == "he");
  for (int i = 0; i < 3; ++i) CHECK(parser.next("").state == BodyStep::State::need_input);
  CHECK(parser.next("llo").data == "llo");
}

TEST_CASE("a large body is not limited by Beast") {
  RequestParser parser(limit);
  RequestHead head;
  CHECK(parser.parse(post + "Content-Length: 9223372036854775807\r\n\r\n", head) == ParseState::complete);
  CHECK(head.content_length == 9223372036854775807);
}

TEST_CASE("what came before a fault is read, for the answer") {
  for (const std::string& fault : {" folded"s, "X : y\r\n"s, "X\0"s, "X: y\n"s}) {
    const std::string raw = get + "Origin: https://app\r\n" + fault;
    RequestParser parser(limit);
    RequestHead head;
    CHECK(parser.parse(raw, head) == ParseState::refused);
    CHECK(head.fields.size() == (fault[0] == ' ' ? 1 : 2));
  }
  const std::string raw = "GET / HTTP/1.1\r\nHost: a b\r\nX : y\r\n";
  RequestParser parser(limit);
  RequestHead head;
  CHECK(parser.parse(raw, head) == ParseState::refused);
  CHECK(parser.fault() == malformed_host);
}

TEST_CASE("a reset parser judges every message as a new one does") {
  const std::string messages[] = {get + "Origin: o\r\n\r\n",
                                  "\x81\x85",
                                  "\n",
                                  get + "X : y",
                                  "\r\n" + get + "\r\n",
                                  "GET / HTTP/2.0\r\n",
                                  post + "Content-Length: 5\r\n\r\n",
                                  post + "Content-Length: 5",
                                  "G\t"};
  RequestParser reused(limit);
  for (const std::string& before : messages) {
    for (const std::string& message : messages) {
      RequestHead head;
      reused.reset();
      reused.parse(before, head);
      reused.reset();
      RequestParser fresh(limit);
      RequestHead same;
      CHECK(reused.parse(message, head) == fresh.parse(message, same));
      CHECK(reused.fault() == fresh.fault());
      CHECK(reused.head_size() == fresh.head_size());
      CHECK(head.fields.size() == same.fields.size());
    }
  }
}
