#include <doctest/doctest.h>

#include <cstddef>
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

// A table of values of one field, all refused for the same reason at the end of their line.
struct Value {
  std::string value;
  std::string_view why;
};

void check_values(const std::string& name, HeadFault fault, const std::vector<Value>& values) {
  std::vector<Refusal> cases;
  for (const Value& test : values) {
    cases.push_back({"POST / HTTP/1.1\r\nHost: h\r\n" + name + test.value + "\r\n", fault, test.why});
  }
  test::check_refused_requests(cases);
}

const std::string start = "POST / HTTP/1.1\r\nHost: h\r\n";
const std::string old_start = "POST / HTTP/1.0\r\n";

}  // namespace

TEST_CASE("a Content-Length is 1 to 19 digits") {
  check_values("Content-Length: ", malformed_content_length,
               {
                   {"", "empty"},
                   {" \t", "only white space"},
                   {"+1", "a sign"},
                   {"-1", "a negative one"},
                   {"-0", "a negative zero"},
                   {"0x1", "hexadecimal"},
                   {"1f", "hexadecimal digits"},
                   {"1 2", "two numbers"},
                   {"1\t2", "two numbers and a tab"},
                   {"\t1", "a tab before it"},
                   {"1 \t", "a tab behind it"},
                   {"1,1", "a list of equals"},
                   {"1, 1", "a list of equals with a space"},
                   {"1,2", "a list"},
                   {"1,", "a comma behind"},
                   {",1", "a comma before"},
                   {"1.0", "a fraction"},
                   {"1e1", "an exponent"},
                   {"1_0", "a digit separator"},
                   {"1'0", "another digit separator"},
                   {"1;q=1", "a parameter"},
                   {"\"1\"", "quoted"},
                   {"1L", "a suffix"},
                   {"chunked", "a word"},
                   {"\xEF\xBC\x91", "a full-width digit"},
                   {"\xD9\xA1", "an Arabic digit"},
                   {"\xC2\xA0"
                    "1",
                    "a no-break space before it"},
                   {"9223372036854775808", "2^63"},
                   {"9999999999999999999", "the highest of 19 digits"},
                   {"18446744073709551615", "2^64 - 1, a minus one to some"},
                   {"18446744073709551616", "2^64, a zero after an overflow"},
                   {"18446744073709551621", "2^64 + 5"},
                   {"00000000000000000005", "20 digits"},
               });
}

TEST_CASE("a Transfer-Encoding is the one word chunked") {
  check_values("Transfer-Encoding: ", malformed_transfer_encoding,
               {
                   {"", "empty"},
                   {"identity", "identity, which was withdrawn"},
                   {"gzip", "another coding"},
                   {"gzip, chunked", "another coding before chunked"},
                   {"chunked, gzip", "chunked is not the last"},
                   {"chunked, identity", "identity behind it"},
                   {"identity, chunked", "identity before it"},
                   {"chunked, chunked", "chunked twice"},
                   {"chunked chunked", "chunked twice without a comma"},
                   {"chunked,", "a comma behind"},
                   {",chunked", "a comma before"},
                   {"xchunked", "a letter before"},
                   {"chunkedx", "a letter behind"},
                   {"x chunked", "a word before"},
                   {"chunked x", "a word behind"},
                   {"chunke", "a prefix"},
                   {"chunk", "a shorter prefix"},
                   {"c hunked", "a space within"},
                   {"chun\tked", "a tab within"},
                   {"\tchunked", "a tab before it"},
                   {"chunked\t", "a tab behind it"},
                   {"\"chunked\"", "quoted"},
                   {"'chunked'", "quoted with apostrophes"},
                   {"chunked;q=1", "a weight"},
                   {"chunked;", "a semicolon"},
                   {"chunked; x=y", "a parameter"},
                   {"chunked#", "a hash"},
                   {"chunked:", "a colon"},
                   {": chunked", "a second colon"},
                   {"5", "a number"},
                   {"\xE1\xB4\x84hunked", "a look-alike"},
                   {"chun\xE2\x84\xAA"
                    "ed",
                    "the Kelvin sign, which Unicode folds to k"},
                   {"chunked\xA0", "a no-break space of Latin-1 behind it"},
                   {"\x85"
                    "chunked",
                    "a next-line character before it"},
               });
  test::check_refused_requests({
      {start + "Transfer-Encoding:\v", control_character, "a vertical tab before it"},
      {start + "Transfer-Encoding: chunked\f", control_character, "a form feed behind it"},
      {start + "Transfer-Encoding: chunked\0"s, control_character, "NUL behind it"},
      {start + "Transfer-Encoding:\n", bare_line_feed, "LF before it"},
      {start + "Transfer-Encoding: chunked\rX", bare_carriage_return, "CR behind it"},
      {start + "Transfer-Encoding:\r\n", malformed_transfer_encoding, "folded before it"},
      {start + "Transfer-Encoding: chunked\r\n ", obsolete_line_folding, "folded behind it"},
      {start + "Transfer-Encoding ", white_space_before_colon, "a space before the colon"},
      {start + "Transfer-Encoding\t", white_space_before_colon, "a tab before the colon"},
  });
}

TEST_CASE("a body has one length, said once and in one way") {
  const std::string length = "Content-Length: 5\r\n";
  const std::string chunked = "Transfer-Encoding: chunked\r\n";
  test::check_refused_requests({
      {start + length + chunked, conflicting_framing, "Content-Length, then Transfer-Encoding"},
      {start + chunked + length, conflicting_framing, "Transfer-Encoding, then Content-Length"},
      {start + "Content-Length: 0\r\n" + chunked, conflicting_framing, "an empty body is a length, too"},
      {start + length + "A: b\r\ntransfer-encoding:Chunked\r\n", conflicting_framing,
       "apart, in another case"},
      {start + length + "Transfer-Encoding: x\r\n", malformed_transfer_encoding, "with an unknown coding"},
      {start + chunked + "Content-Length: x\r\n", malformed_content_length, "with a malformed length"},
      {start + length + length, duplicate_content_length, "two equal lengths"},
      {start + length + "Content-Length: 6\r\n", duplicate_content_length, "two that differ"},
      {start + length + "Content-Length: 05\r\n", duplicate_content_length, "two of the same value"},
      {start + length + "A: b\r\ncontent-length:\r\n", duplicate_content_length, "the second one empty"},
      {start + "Content-Length: 0\r\nContent-Length: 0\r\n", duplicate_content_length, "two zeros"},
      {old_start + length + length, duplicate_content_length, "two on HTTP/1.0"},
      {start + chunked + chunked, malformed_transfer_encoding, "Transfer-Encoding twice"},
      {start + chunked + "Transfer-Encoding: identity\r\n", malformed_transfer_encoding, "a second coding"},
      {start + chunked + "Transfer-Encoding:\r\n", malformed_transfer_encoding, "a second one, empty"},
      {old_start + chunked, conflicting_framing, "HTTP/1.0 knows no chunks (RFC 9112 6.1)"},
      {old_start + length + chunked, conflicting_framing, "both on HTTP/1.0"},
      {old_start + "Transfer-Encoding: gzip\r\n", malformed_transfer_encoding, "gzip on HTTP/1.0"},
  });
}

TEST_CASE(
    "a framing field spelled with an underscore is refused, since a backend may read it as the real one") {
  for (const std::string_view value : {"5", "0", "", "chunked"}) {
    const std::string rest = ": " + std::string(value) + "\r\n";
    test::check_refused_requests({
        {start + "Content_Length" + rest, underscored_framing, "length"},
        {start + "cONTENT_lENGTH" + rest, underscored_framing, "length in another case"},
        {start + "Transfer_Encoding" + rest, underscored_framing, "coding"},
        {start + "transfer_encoding" + rest, underscored_framing, "coding in lower case"},
        {start + "Content-Length: 5\r\nContent_Length" + rest, underscored_framing, "beside the real one"},
        {old_start + "Content_Length" + rest, underscored_framing, "on HTTP/1.0"},
    });
  }
}

TEST_CASE("a connection option is a token, and a websocket has no body before its first frame") {
  const std::string upgrade = "GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: websocket\r\n";
  test::check_refused_requests({
      {start + "Connection: keep alive\r\n", malformed_connection, "two words"},
      {start + "Connection: close; x\r\n", malformed_connection, "a parameter"},
      {start + "Connection: \"close\"\r\n", malformed_connection, "quoted"},
      {start + "Connection: close, a b\r\n", malformed_connection, "the second one"},
      {start + "Connection: cl\xC3\xB6se\r\n", malformed_connection, "not ASCII"},
      {start + "Connection: a,\tX-User-Id:\r\n", malformed_connection, "a colon"},
      {upgrade + "Content-Length: 1\r\n\r\n", malformed_upgrade, "a body"},
      {upgrade + "Transfer-Encoding: chunked\r\n\r\n", malformed_upgrade, "a chunked body"},
  });
}
