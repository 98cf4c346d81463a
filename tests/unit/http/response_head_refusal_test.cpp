#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "http/message_parser.hpp"
#include "refusal.hpp"

namespace {

using namespace postern::http;
using namespace std::string_literals;
using test::Refusal;
using enum HeadFault;

void check_all(const std::vector<Refusal>& cases, std::string_view method = "GET") {
  for (const Refusal& test : cases) {
    ResponseHead head;
    test::check_refused<ResponseParser>(
        test, 16384, [&](auto& parser, std::string_view bytes) { return parser.parse(bytes, method, head); });
  }
}

const std::string ok = "HTTP/1.1 200 OK\r\n";
const std::string length = "Content-Length: 5\r\n";
const std::string chunked = "Transfer-Encoding: chunked\r\n";

}  // namespace

TEST_CASE("a status line that is not exactly one is refused") {
  check_all({
      {"\r\n", malformed_status_line, "an empty line before it"},
      {"\n", bare_line_feed, "a LF before it"},
      {" ", malformed_status_line, "a space before it"},
      {"\rH", bare_carriage_return, "a CR before it"},
      {"\0"s, control_character, "NUL before it"},
      {"<", malformed_status_line, "a document without a head (HTTP/0.9)"},
      {"\x15", control_character, "a TLS alert"},
      {"I", malformed_status_line, "ICY"},
      {"h", malformed_status_line, "lower case"},
      {"HTTPS", malformed_status_line, "another protocol"},
      {"HTTP/1.1\r\n", malformed_status_line, "no status"},
      {"HTTP/1.1  ", malformed_status_line, "two spaces before the status"},
      {"HTTP/1.1\t", malformed_status_line, "a tab before the status"},
      {"HTTP/1.10", malformed_status_line, "a version of two digits"},
      {"HTTP/11", malformed_status_line, "a version without a dot"},
      {"HTTP/2 ", malformed_status_line, "HTTP/2 as curl shows it"},
      {"HTTP/2.0 200", unsupported_version, "HTTP/2", 505},
      {"HTTP/1.2 200", unsupported_version, "a version that nobody defined", 505},
      {"HTTP/0.9 200", unsupported_version, "HTTP/0.9 by name", 505},
      {"HTTP/1.1 2\r\n", malformed_status_line, "one digit"},
      {"HTTP/1.1 20 ", malformed_status_line, "two digits"},
      {"HTTP/1.1 2000", malformed_status_line, "four digits"},
      {"HTTP/1.1 200.", malformed_status_line, "a substatus"},
      {"HTTP/1.1 200O", malformed_status_line, "no space before the reason"},
      {"HTTP/1.1 200\t", malformed_status_line, "a tab before the reason"},
      {"HTTP/1.1 -", malformed_status_line, "a sign"},
      {"HTTP/1.1 2x", malformed_status_line, "a letter"},
      {"HTTP/1.1 0x", malformed_status_line, "hexadecimal"},
      {"HTTP/1.1 \xEF", malformed_status_line, "full-width digits"},
      {"HTTP/1.1 000", malformed_status_line, "zero"},
      {"HTTP/1.1 099", malformed_status_line, "below 100"},
      {"HTTP/1.1 600", malformed_status_line, "above 599"},
      {"HTTP/1.1 999", malformed_status_line, "the highest of three digits"},
      {"HTTP/1.1 200\n", bare_line_feed, "ended by a LF"},
      {"HTTP/1.1 200 OK\n", bare_line_feed, "a reason ended by a LF"},
      {"HTTP/1.1 200\rX", bare_carriage_return, "ended by a CR"},
      {"HTTP/1.1 200 OK\rX", bare_carriage_return, "a CR in the reason, which splits for some"},
      {"HTTP/1.1 200 OK\r\r", bare_carriage_return, "CR CR LF"},
      {"HTTP/1.1 200 O\0"s, control_character, "NUL in the reason"},
      {"HTTP/1.1 200 O\x1B", control_character, "an escape in the reason"},
      {"HTTP/1.1 200 O\x7F", control_character, "DEL in the reason"},
  });
}

TEST_CASE("field lines of a response are held to the rules of a request") {
  check_all({
      {ok + " ", obsolete_line_folding, "white space before the first field"},
      {ok + "A: b\r\n ", obsolete_line_folding, "a folded line"},
      {ok + "A: b\r\n\t", obsolete_line_folding, "a line folded with a tab"},
      {ok + "A ", white_space_before_colon, "a space before the colon"},
      {ok + "A\t", white_space_before_colon, "a tab before the colon"},
      {ok + ":", malformed_field_name, "no name"},
      {ok + "A\r\n", malformed_field_name, "no colon"},
      {ok + "HTTP/", malformed_field_name, "a second status line"},
      {ok + "A\xC3", malformed_field_name, "a name that is not ASCII"},
      {ok + "A\0"s, control_character, "NUL in a name"},
      {ok + "A: \0"s, control_character, "NUL in a value"},
      {ok + "A: b\x7F", control_character, "DEL in a value"},
      {ok + "A: b\n", bare_line_feed, "a value ended by a LF"},
      {ok + "A: b\rS", bare_carriage_return, "a CR in a value, which splits for some"},
      {ok + "A: b\r\r", bare_carriage_return, "CR CR LF"},
      {ok + "\n", bare_line_feed, "the head ended by a LF"},
      {ok + "\rX", bare_carriage_return, "the head ended by a CR"},
      {ok + "Connection: keep alive\r\n", malformed_connection, "a connection option that is no token"},
  });
}

TEST_CASE("the framing of a response is said once and in one way, for every method and status") {
  const std::vector<Refusal> fields = {
      {length + chunked, conflicting_framing, "Content-Length, then Transfer-Encoding"},
      {chunked + length, conflicting_framing, "Transfer-Encoding, then Content-Length"},
      {chunked + "Content-Length: 0\r\n", conflicting_framing, "a zero is a length, too"},
      {length + length, duplicate_content_length, "two equal lengths"},
      {length + "A: b\r\ncontent-length: 6\r\n", duplicate_content_length, "two that differ"},
      {"Content-Length:\r\n", malformed_content_length, "an empty length"},
      {"Content-Length: 5, 5\r\n", malformed_content_length, "a list"},
      {"Content-Length: +5\r\n", malformed_content_length, "a sign"},
      {"Content-Length: -1\r\n", malformed_content_length, "a negative length"},
      {"Content-Length: 0x5\r\n", malformed_content_length, "hexadecimal"},
      {"Content-Length: 9223372036854775808\r\n", malformed_content_length, "2^63"},
      {"Content-Length: 18446744073709551621\r\n", malformed_content_length, "2^64 + 5"},
      {"Transfer-Encoding:\r\n", malformed_transfer_encoding, "an empty coding"},
      {"Transfer-Encoding: gzip, chunked\r\n", malformed_transfer_encoding, "two codings"},
      {"Transfer-Encoding: identity\r\n", malformed_transfer_encoding, "identity"},
      {"Transfer-Encoding: xchunked\r\n", malformed_transfer_encoding, "another name"},
      {chunked + chunked, malformed_transfer_encoding, "chunked twice"},
      {"Content_Length: 5\r\n", underscored_framing, "a length with an underscore"},
      {"Transfer_Encoding: chunked\r\n", underscored_framing, "a coding with an underscore"},
  };
  for (const std::string status : {"100", "101", "200", "204", "304", "404"}) {
    for (const std::string_view method : {"GET", "HEAD"}) {
      CAPTURE(status);
      CAPTURE(method);
      std::vector<Refusal> cases = fields;
      for (Refusal& test : cases) test.raw.insert(0, "HTTP/1.1 " + status + " x\r\n");
      check_all(cases, method);
    }
  }
  check_all(
      {{"HTTP/1.0 200 OK\r\n" + chunked, conflicting_framing, "HTTP/1.0 knows no chunks (RFC 9112 6.1)"}});
}

TEST_CASE("a body is not announced where none can be, since it could play the next response") {
  for (const std::string_view method : {"GET", "HEAD"}) {
    check_all(
        {
            {"HTTP/1.1 100 x\r\n" + length + "\r\n", unexpected_framing, "100 with a length"},
            {"HTTP/1.1 103 x\r\n" + chunked + "\r\n", unexpected_framing, "103 with chunks"},
            {"HTTP/1.1 101 x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n" + length + "\r\n",
             unexpected_framing, "101 with a length"},
            {"HTTP/1.1 101 x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n" + chunked + "\r\n",
             unexpected_framing, "101 with chunks"},
            {"HTTP/1.1 204 x\r\n" + chunked + "\r\n", unexpected_framing, "204 with chunks"},
        },
        method);
  }
}
