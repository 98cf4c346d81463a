#include "http/chunked_body.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "http/chunk_writer.hpp"
#include "http/message_parser.hpp"

namespace {

using namespace postern::http;
using namespace std::string_literals;
using State = BodyStep::State;

struct Outcome {
  State state = State::need_input;
  ChunkFault fault = ChunkFault::none;
  std::size_t consumed = 0;
  std::string body;
  std::string trailers;  // "name=value;" each

  bool operator==(const Outcome&) const = default;
};

std::string describe(const Outcome& outcome) {
  return "state " + std::to_string(static_cast<int>(outcome.state)) + ", " +
         std::string(text_of(outcome.fault)) + ", consumed " + std::to_string(outcome.consumed) + ", body '" +
         outcome.body + "', trailers " + outcome.trailers;
}

// Reads the head before the body, as a connection does.
void begin_body(RequestParser& parser) {
  static constexpr std::string_view head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  RequestHead request;
  REQUIRE(parser.parse(head, request) == ParseState::complete);
}
void begin_body(ResponseParser& parser) {
  static constexpr std::string_view head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  ResponseHead response;
  REQUIRE(parser.parse(head, "GET", response) == ParseState::complete);
}

// Gives what has come to the parser until it has no more to say about it.
template <typename Parser>
void feed(Parser& parser, std::string_view received, Outcome& outcome) {
  do {
    const auto step = parser.next(received);
    REQUIRE(step.consumed <= received.size());
    if (!step.data.empty()) {
      CHECK(step.state == State::data);
      CHECK(step.data.data() >= received.data());
      CHECK(step.data.data() + step.data.size() == received.data() + step.consumed);
    }
    outcome.state = step.state;
    outcome.consumed += step.consumed;
    outcome.body += step.data;
    received.remove_prefix(step.consumed);
  } while (outcome.state == State::data);
  if (outcome.state == State::need_input) CHECK(parser.pending() == received.size());
  outcome.fault = parser.body_fault();
}

// What the parser leaves comes again with the next piece, in memory of its own, so that a view kept into an
// earlier one would be caught by a sanitizer.
template <typename Parser>
Outcome decode_as(const std::vector<std::string_view>& pieces) {
  Parser parser(1024);
  begin_body(parser);
  Outcome outcome;
  std::vector<char> received;
  std::size_t total = 0;
  for (const std::string_view piece : pieces) {
    if (outcome.state != State::need_input) break;
    std::vector<char> next(received.end() - static_cast<std::ptrdiff_t>(total - outcome.consumed),
                           received.end());
    next.insert(next.end(), piece.begin(), piece.end());
    received = std::move(next);
    total += piece.size();
    feed(parser, {received.data(), received.size()}, outcome);
  }
  for (const Field& field : parser.trailers()) {
    if (outcome.state == State::finished) {
      outcome.trailers.append(field.name).append("=").append(field.value).append(";");
    }
  }
  return outcome;
}

Outcome decode(const std::vector<std::string_view>& pieces) {
  const Outcome outcome = decode_as<RequestParser>(pieces);
  CHECK(decode_as<ResponseParser>(pieces) == outcome);
  return outcome;
}

Outcome decode_bytewise(std::string_view input) {
  std::vector<std::string_view> pieces;
  for (std::size_t at = 0; at < input.size(); ++at) pieces.push_back(input.substr(at, 1));
  return decode(pieces);
}

void check_in_all_cuts(const std::string& input, const Outcome& expected) {
  const std::string_view view = input;
  CHECK_MESSAGE(decode({view}) == expected, describe(decode({view})));
  CHECK_MESSAGE(decode_bytewise(view) == expected, describe(decode_bytewise(view)));
  const std::size_t step = std::max<std::size_t>(1, input.size() / 300);
  for (std::size_t cut = 0; cut <= input.size(); cut += step) {
    const Outcome outcome = decode({view.substr(0, cut), view.substr(cut)});
    CHECK_MESSAGE(outcome == expected, "cut at ", cut, ": ", describe(outcome));
  }
}

constexpr std::size_t all = std::string::npos;

struct Case {
  std::string input;
  std::string body;
  std::size_t consumed;  // all: the whole input
  const char* why;
};

struct Refusal {
  std::string input;
  ChunkFault fault;
  std::size_t at;  // bytes before the line or section that is refused
  const char* why;
};

std::string repeated(std::string_view text, std::size_t count) {
  std::string result;
  for (std::size_t i = 0; i < count; ++i) result += text;
  return result;
}

// A size line of `size` bytes before its CRLF.
std::string size_line(std::size_t size) {
  return "5;" + std::string(size - 2, 'e') + "\r\nhello\r\n0\r\n\r\n";
}

// A last chunk whose trailer section has `size` bytes, the empty line included.
std::string trailer_section(std::size_t size) {
  return "0\r\nA:" + std::string(size - 6, 'v') + "\r\n\r\n";
}

}  // namespace

TEST_CASE("a well-formed chunked body is decoded the same however it is cut") {
  const std::vector<Case> cases = {
      {"0\r\n\r\n", "", all, "empty body"},
      {"5\r\nhello\r\n0\r\n\r\n", "hello", all, "plain"},
      {"5\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\n\r\n", "hello world", all, "three chunks"},
      {"a\r\n0123456789\r\n0\r\n\r\n", "0123456789", all, "lower hex"},
      {"A\r\n0123456789\r\n0\r\n\r\n", "0123456789", all, "upper hex"},
      {"0000000000000005\r\nhello\r\n0\r\n\r\n", "hello", all, "leading zeros up to 16 digits"},
      {"5\r\nhello\r\n0000000000000000\r\n\r\n", "hello", all, "many zeros at the end"},
      {"2\r\n\r\n\r\n0\r\n\r\n", "\r\n", all, "data that looks like framing"},
      {"5\r\n0\r\n\r\n\r\n0\r\n\r\n", "0\r\n\r\n", all, "data that looks like the end"},
      {"3\r\n\0\xFF\n\r\n0\r\n\r\n"s, "\0\xFF\n"s, all, "any byte in the data"},
      {"5;x\r\nhello\r\n0\r\n\r\n", "hello", all, "extension name"},
      {"5;x=y\r\nhello\r\n0\r\n\r\n", "hello", all, "extension token"},
      {"5;x=\"y z\"\r\nhello\r\n0\r\n\r\n", "hello", all, "extension quoted-string"},
      {"5;x=\"\"\r\nhello\r\n0\r\n\r\n", "hello", all, "empty quoted-string"},
      {"5;x=\"a\\\"b\\\\;\t\xE9\"\r\nhello\r\n0\r\n\r\n", "hello", all, "quoted pairs, tab, obs-text"},
      {"5;a;b=c;d=\"e;f\";g\r\nhello\r\n0;last\r\n\r\n", "hello", all, "a chain, and one on the last chunk"},
      {size_line(256), "hello", all, "the longest size line"},
      {"5\r\nhello\r\n0\r\n\r\nGET / HTTP/1.1\r\n", "hello", 15, "the next message is left alone"},
      {"0\r\n\r\n\r\n", "", 5, "so is a stray CRLF"},
  };
  for (const Case& test : cases) {
    CAPTURE(test.why);
    Outcome expected;
    expected.state = State::finished;
    expected.consumed = test.consumed == all ? test.input.size() : test.consumed;
    expected.body = test.body;
    check_in_all_cuts(test.input, expected);
  }
}

TEST_CASE("trailer fields are handed over as received, without the space around their values") {
  struct {
    std::string input;
    std::string trailers;
    const char* why;
  } const cases[] = {
      {"0\r\nA: b\r\n\r\n", "A=b;", "one"},
      {"0\r\nA: b\r\na:c\r\n\r\n", "A=b;a=c;", "order and case stay"},
      {"0\r\nEmpty:\r\nSpace: \t \r\n\r\n", "Empty=;Space=;", "empty values"},
      {"0\r\nA:\t b c:d \t\r\n\r\n", "A=b c:d;", "space within and colons stay"},
      {"0\r\nX_User_Id: bob\xE9\r\n\r\n", "X_User_Id=bob\xE9;", "nothing is judged here"},
      {"1\r\nx\r\n0;e\r\nDigest: 1\r\n\r\n", "Digest=1;", "behind data and an extension"},
      {"0\r\n" + repeated("A:\r\n", 64) + "\r\n", repeated("A=;", 64), "64 fields"},
      {trailer_section(8192), "A=" + std::string(8186, 'v') + ";", "8 KiB"},
  };
  for (const auto& test : cases) {
    CAPTURE(test.why);
    Outcome expected;
    expected.state = State::finished;
    expected.consumed = test.input.size();
    expected.body = test.input.starts_with("1") ? "x" : "";
    expected.trailers = test.trailers;
    check_in_all_cuts(test.input, expected);
  }
}

TEST_CASE("chunk framing that two parsers could read differently is refused") {
  using enum ChunkFault;
  const std::vector<Refusal> cases = {
      {"\r\n", malformed_size, 0, "CRLF before the size"},
      {"\n", bare_line_ending, 0, "LF before the size"},
      {";x\r\n", malformed_size, 0, "no size before the extension"},
      {" 5\r\nhello", malformed_size, 0, "space before the size"},
      {"0x5\r\nhello", malformed_size, 0, "0x prefix"},
      {"+5\r\nhello", malformed_size, 0, "plus sign"},
      {"-5\r\nhello", malformed_size, 0, "minus sign"},
      {"5_0\r\nhello", malformed_size, 0, "digit separator"},
      {"5h\r\nhello", malformed_size, 0, "suffix"},
      {"5.0\r\nhello", malformed_size, 0, "fraction"},
      {"g\r\n", malformed_size, 0, "not hex"},
      {"5\0\r\n"s, malformed_size, 0, "NUL"},
      {"\xEF\xBC\x95\r\nhello", malformed_size, 0, "full-width digit"},
      {"10000000000000005\r\n", malformed_size, 0, "17 digits, a 64-bit overflow to 5"},
      {"00000000000000005\r\n", malformed_size, 0, "17 digits, zeros"},
      {"8000000000000000\r\n", malformed_size, 0, "2^63"},
      {"ffffffffffffffff\r\n", malformed_size, 0, "2^64 - 1, a minus one to some"},
      {"5 \r\nhello", malformed_extension, 0, "space after the size"},
      {"5\t\r\nhello", malformed_extension, 0, "tab after the size"},
      {"5 ;x\r\nhello", malformed_extension, 0, "space before ;"},
      {"5; x\r\nhello", malformed_extension, 0, "space after ;"},
      {"5;x =y\r\nhello", malformed_extension, 0, "space before ="},
      {"5;x= y\r\nhello", malformed_extension, 0, "space after ="},
      {"5;x \r\nhello", malformed_extension, 0, "space at the end"},
      {"5 5\r\nhello", malformed_extension, 0, "two tokens"},
      {"5;\r\nhello", malformed_extension, 0, "bare semicolon"},
      {"5;;x\r\nhello", malformed_extension, 0, "two semicolons"},
      {"5;x;\r\nhello", malformed_extension, 0, "semicolon at the end"},
      {"5;=y\r\nhello", malformed_extension, 0, "no name"},
      {"5;x=\r\nhello", malformed_extension, 0, "no value"},
      {"5;x=;y\r\nhello", malformed_extension, 0, "no value before ;"},
      {"5;x=y=z\r\nhello", malformed_extension, 0, "two values"},
      {"5;x=y\"z\"\r\nhello", malformed_extension, 0, "quote within a token"},
      {"5;\"x\"\r\nhello", malformed_extension, 0, "quoted name"},
      {"5;x=\"y\"z\r\nhello", malformed_extension, 0, "token behind a quoted-string"},
      {"5;x=\"y\r\n\"\r\nhello", malformed_extension, 0, "CRLF within a quoted-string"},
      {"5;x=\"y\\\r\n", malformed_extension, 0, "CR behind a backslash"},
      {"5;x=\"y\n\"\r\nhello", bare_line_ending, 0, "LF within a quoted-string"},
      {"5;x=\"\0\"\r\n"s, malformed_extension, 0, "NUL within a quoted-string"},
      {"5;x\0\r\nhello"s, malformed_extension, 0, "NUL in an extension"},
      {"5;x\x7F\r\nhello", malformed_extension, 0, "DEL in an extension"},
      {"5;x\xE9\r\nhello", malformed_extension, 0, "non-ASCII name"},
      {"5;x\nhello", bare_line_ending, 0, "extension ended by a bare LF"},
      {"5;\nhello", bare_line_ending, 0, "LF behind a semicolon"},
      {"5;x=\nhello", bare_line_ending, 0, "LF in place of a value"},
      {"5;x=y\nhello", bare_line_ending, 0, "LF behind a token"},
      {"5;x=\"y\"\nhello", bare_line_ending, 0, "LF behind a quoted-string"},
      {"5;x\ry\r\nhello", bare_line_ending, 0, "bare CR in an extension"},
      {"5\nhello\r\n", bare_line_ending, 0, "bare LF after the size"},
      {"5\rXhello\r\n", bare_line_ending, 0, "bare CR after the size"},
      {"5\r\r\nhello\r\n", bare_line_ending, 0, "CR CR LF after the size"},
      {size_line(257), line_too_long, 0, "a size line over 256 bytes"},
      {"5;x=\"" + std::string(20000, 'y'), line_too_long, 0, "found before the line ends"},
      {"0\n\r\n", bare_line_ending, 0, "bare LF after the last size"},
  };
  for (const Refusal& test : cases) {
    CAPTURE(test.why);
    Outcome expected;
    expected.state = State::refused;
    expected.fault = test.fault;
    expected.consumed = test.at;
    check_in_all_cuts(test.input, expected);
  }
}

TEST_CASE("a chunk's data ends with CRLF and nothing else") {
  using enum ChunkFault;
  const Refusal cases[] = {
      {"5\r\nhello\n0\r\n\r\n", bare_line_ending, 8, "bare LF"},
      {"5\r\nhello0\r\n\r\n", missing_data_end, 8, "none"},
      {"5\r\nhelloXX0\r\n\r\n", missing_data_end, 8, "two other bytes"},
      {"5\r\nhello\rX", bare_line_ending, 8, "bare CR"},
      {"5\r\nhello\r\r\n", bare_line_ending, 8, "CR CR LF"},
      {"5\r\nhello world\r\n", missing_data_end, 8, "more data than the size says"},
      {"5\r\nhello\r\n\r\n", malformed_size, 8, "an empty line instead of a size"},
  };
  for (const Refusal& test : cases) {
    CAPTURE(test.why);
    Outcome expected;
    expected.state = State::refused;
    expected.fault = test.fault;
    expected.consumed = test.at;
    expected.body = "hello";
    check_in_all_cuts(test.input, expected);
  }
}

TEST_CASE("a trailer section is held to the rules of a head") {
  using enum ChunkFault;
  const Refusal cases[] = {
      {"0\r\n\n", bare_line_ending, 0, "bare LF for the last line"},
      {"0\r\n\rX", bare_line_ending, 0, "bare CR for the last line"},
      {"0\r\n5\r\nhello\r\n", malformed_trailer, 0, "a chunk after the last"},
      {"0\r\nGET / HTTP/1.1\r\n", malformed_trailer, 0, "the next request without an empty line"},
      {"0\r\n A: b\r\n", malformed_trailer, 0, "space before the name"},
      {"0\r\nA: b\r\n c\r\n\r\n", malformed_trailer, 0, "obs-fold"},
      {"0\r\nA: b\r\n\tc\r\n\r\n", malformed_trailer, 0, "obs-fold with a tab"},
      {"0\r\nA : b\r\n\r\n", malformed_trailer, 0, "space before the colon"},
      {"0\r\nA\r\n\r\n", malformed_trailer, 0, "no colon"},
      {"0\r\nA\n\r\n", bare_line_ending, 0, "no colon, bare LF"},
      {"0\r\n: b\r\n\r\n", malformed_trailer, 0, "no name"},
      {"0\r\nA\0: b\r\n\r\n"s, malformed_trailer, 0, "NUL in a name"},
      {"0\r\nA\xC2\xA0: b\r\n\r\n", malformed_trailer, 0, "non-ASCII name"},
      {"0\r\nA: b\0c\r\n\r\n"s, malformed_trailer, 0, "NUL in a value"},
      {"0\r\nA: b\x01\r\n\r\n", malformed_trailer, 0, "control character in a value"},
      {"0\r\nA: b\x7F\r\n\r\n", malformed_trailer, 0, "DEL in a value"},
      {"0\r\nA: b\nB: c\r\n\r\n", bare_line_ending, 0, "bare LF after a value"},
      {"0\r\nA: b\rc\r\n\r\n", bare_line_ending, 0, "bare CR in a value"},
      {"0\r\nA: b\r\r\n\r\n", bare_line_ending, 0, "CR CR LF"},
      {"0\r\nContent-Length: 5\r\n\r\n", malformed_trailer, 0, "a length"},
      {"0\r\ntransfer-encoding: chunked\r\n\r\n", malformed_trailer, 0, "a transfer coding"},
      {"0\r\nConnection: a b\r\n\r\n", malformed_trailer, 0, "connection options that are no list"},
      {"0\r\n" + repeated("A:\r\n", 65) + "\r\n", line_too_long, 0, "65 fields"},
      {"0\r\n" + repeated("A:\r\n", 65) + "A b\r\n\r\n", malformed_trailer, 0,
       "a name is told before a number"},
      {trailer_section(8193), line_too_long, 0, "over 8 KiB"},
      {"0\r\nA:" + std::string(100000, 'v'), line_too_long, 0, "found before the line ends"},
  };
  for (const Refusal& test : cases) {
    CAPTURE(test.why);
    Outcome expected;
    expected.state = State::refused;
    expected.fault = test.fault;
    expected.consumed = test.at;
    check_in_all_cuts(test.input, expected);
  }
}

TEST_CASE("every proper prefix of a chunked body waits for more") {
  const std::string input = "5;x=\"y\\\"\"\r\nhello\r\n1\r\n!\r\n0\r\nA: b\r\n\r\n";
  REQUIRE(decode({input}).state == State::finished);
  for (std::size_t size = 0; size < input.size(); ++size) {
    CAPTURE(size);
    const Outcome outcome = decode({std::string_view(input).substr(0, size)});
    CHECK(outcome.state == State::need_input);
    CHECK(outcome.trailers.empty());
  }
}

TEST_CASE("the largest chunk is announced and its data passes without being held") {
  RequestParser parser(1024);
  begin_body(parser);
  const std::string head = "7FFFFFFFFFFFFFFF\r\n";
  CHECK(parser.next(head).state == State::need_input);
  const std::string piece(100000, 'x');
  for (int i = 0; i < 3; ++i) {
    const auto step = parser.next(piece);
    CHECK(step.state == State::data);
    CHECK(step.consumed == piece.size());
    CHECK(step.data.data() == piece.data());
  }
}

TEST_CASE("a refusal and an end are for good until reset, which makes the parser new") {
  RequestParser parser(1024);
  begin_body(parser);
  CHECK(parser.next("5\nhello").state == State::refused);
  CHECK(parser.body_fault() == ChunkFault::bare_line_ending);
  const auto again = parser.next("0\r\n\r\n");
  CHECK(again.state == State::refused);
  CHECK(again.consumed == 0);

  parser.reset();
  CHECK(parser.body_fault() == ChunkFault::none);
  begin_body(parser);
  CHECK(parser.next("0\r\nA: b\r\n\r\n").state == State::finished);
  CHECK(parser.trailers().size() == 1);
  const auto after = parser.next("0\r\n\r\n");
  CHECK(after.state == State::finished);
  CHECK(after.consumed == 0);

  parser.reset();
  CHECK(parser.trailers().empty());
  begin_body(parser);
  CHECK(parser.next("5;x=y").state == State::need_input);
  CHECK(parser.pending() == 5);
  parser.reset();
  CHECK(parser.pending() == 0);
  begin_body(parser);
  CHECK(parser.next("1\r\nx\r\n0\r\n\r\n").data == "x");
  CHECK(parser.next("\r\n0\r\n\r\n").state == State::finished);
}

TEST_CASE("a reset forgets half a size and half a trailer section") {
  for (std::string_view left_over : {"00000000000000", "0;xxxxxxxxxxx", "5\r\nhe", "0\r\nX-User-Id: b"}) {
    CAPTURE(left_over);
    RequestParser parser(1024);
    begin_body(parser);
    Outcome before;
    feed(parser, left_over, before);
    CHECK(before.state == State::need_input);
    parser.reset();
    begin_body(parser);
    const auto step = parser.next("0000000000000000\r\nA: b\r\n\r\n");
    CHECK(step.state == State::finished);
    REQUIRE(parser.trailers().size() == 1);
    CHECK(parser.trailers()[0].name == "A");
    CHECK(parser.trailers()[0].value == "b");
  }
}

TEST_CASE("no body is read behind a head that announces no chunks") {
  for (const std::string_view head :
       {"GET / HTTP/1.1\r\nHost: h\r\n\r\n", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n"}) {
    RequestParser parser(1024);
    RequestHead request;
    REQUIRE(parser.parse(head, request) == ParseState::complete);
    CHECK(parser.next("0\r\n\r\n").state == State::refused);
  }
  RequestParser fresh(1024);
  CHECK(fresh.next("0\r\n\r\n").state == State::refused);
  ResponseParser response(1024);
  ResponseHead head;
  REQUIRE(response.parse("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HEAD", head) ==
          ParseState::complete);
  CHECK(response.next("0\r\n\r\n").state == State::refused);
}

TEST_CASE("a chunk header is the size in hexadecimal without leading zeros") {
  struct {
    std::size_t size;
    std::string_view expected;
  } const cases[] = {
      {1, "1\r\n"},    {9, "9\r\n"},         {10, "a\r\n"},        {16, "10\r\n"},
      {255, "ff\r\n"}, {0x1a2b, "1a2b\r\n"}, {65536, "10000\r\n"}, {SIZE_MAX, "ffffffffffffffff\r\n"},
  };
  for (const auto& test : cases) {
    std::array<char, 20> storage;
    CHECK(chunk_header(test.size, storage) == test.expected);
  }
}

TEST_CASE("what chunk_header writes is read back") {
  std::string wire;
  std::string body;
  for (const std::size_t size : {1u, 15u, 16u, 255u, 4096u, 70000u}) {
    std::array<char, 20> storage;
    const std::string data(size, static_cast<char>('a' + size % 26));
    wire.append(chunk_header(size, storage)).append(data).append("\r\n");
    body += data;
  }
  wire += "0\r\n\r\n";
  const Outcome outcome = decode({wire});
  CHECK(outcome.state == State::finished);
  CHECK(outcome.consumed == wire.size());
  CHECK(outcome.body == body);
}

TEST_CASE("every chunk fault has a text of its own") {
  std::vector<std::string_view> texts;
  for (int fault = 0; fault <= static_cast<int>(ChunkFault::readings_differ); ++fault) {
    const auto text = text_of(static_cast<ChunkFault>(fault));
    CHECK(text != "unknown");
    CHECK(std::find(texts.begin(), texts.end(), text) == texts.end());
    texts.push_back(text);
  }
}
