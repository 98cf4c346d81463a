#include <doctest/doctest.h>

#include <algorithm>
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

const std::string start = "GET / HTTP/1.1\r\n";
const std::string with_host = start + "Host: h\r\n";

}  // namespace

TEST_CASE("a request line is method, target and version with one space between them") {
  test::check_refused_requests({
      {"\r\n\r\n", malformed_request_line, "two empty lines before it"},
      {"\n", bare_line_feed, "an empty line that is only a LF"},
      {"\r\n\n", bare_line_feed, "the same behind a proper one"},
      {"\rG", bare_carriage_return, "CR alone before it"},
      {"\r\r", bare_carriage_return, "CR CR"},
      {" ", malformed_request_line, "a space before the method"},
      {"\r\n ", malformed_request_line, "a space behind the empty line"},
      {"\t", control_character, "a tab before the method"},
      {"GET\t", control_character, "a tab behind the method"},
      {"GET\r\n", malformed_request_line, "only a method"},
      {"GET\n", bare_line_feed, "only a method and a LF"},
      {"G\0"s, control_character, "NUL in the method"},
      {"G\x7F", control_character, "DEL in the method"},
      {"G\xC3", malformed_request_line, "a method that is not ASCII"},
      {"\"", malformed_request_line, "a quote in the method"},
      {"GET:", malformed_request_line, "a field line in its place"},
      {"GET/", malformed_request_line, "no space before the target"},
      {"\x16", control_character, "a TLS handshake"},
      {"{", malformed_request_line, "a JSON document"},
      {"GET  ", malformed_request_line, "two spaces before the target"},
      {"GET \t", control_character, "a tab before the target"},
      {"GET \r\n", malformed_request_line, "no target"},
      {"GET /\r\n", malformed_request_line, "HTTP/0.9"},
      {"GET /\n", bare_line_feed, "HTTP/0.9 with a LF"},
      {"GET /\r ", bare_carriage_return, "CR in place of a space"},
      {"GET /a\r/", bare_carriage_return, "CR in the target"},
      {"GET /\0"s, control_character, "NUL in the target"},
      {"GET /\x01", control_character, "a control in the target"},
      {"GET /\x7F", control_character, "DEL in the target"},
      {"GET /\t", control_character, "a tab behind the target"},
      {"GET /\v", control_character, "a vertical tab behind the target"},
      {"GET /a b", malformed_request_line, "a space in the target"},
      {"GET /  ", malformed_request_line, "two spaces before the version"},
      {"GET / \r\n", malformed_request_line, "no version"},
      {"GET / \n", bare_line_feed, "no version and a LF"},
      {"GET / HTTP/1.1 ", malformed_request_line, "a space behind the version"},
      {"GET / HTTP/1.1\n", bare_line_feed, "ended by a LF"},
      {"GET / HTTP/1.1\rH", bare_carriage_return, "ended by a CR"},
      {"GET / HTTP/1.1\r\r", bare_carriage_return, "ended by CR CR LF"},
      {"GET / HTTP/1.1\0"s, control_character, "NUL behind the version"},
      {"GET / HTTP/1.1\t", control_character, "a tab behind the version"},
  });
}

TEST_CASE("only HTTP/1.0 and HTTP/1.1 are spoken, and spelled in one way") {
  test::check_refused_requests({
      {"GET / h", malformed_request_line, "lower case"},
      {"GET / Ht", malformed_request_line, "mixed case"},
      {"GET / HTTPS", malformed_request_line, "another protocol"},
      {"GET / HTTP ", malformed_request_line, "no slash"},
      {"GET / HTTP/ ", malformed_request_line, "a space before the number"},
      {"GET / HTTP/\0"s, control_character, "NUL in the version"},
      {"GET / HTTP/1\r\n", malformed_request_line, "no minor version"},
      {"GET / HTTP/1.\r\n", malformed_request_line, "an empty minor version"},
      {"GET / HTTP/1,", malformed_request_line, "a comma"},
      {"GET / HTTP/1.10", malformed_request_line, "two digits"},
      {"GET / HTTP/1.1.", malformed_request_line, "three numbers"},
      {"GET / HTTP/01", malformed_request_line, "a leading zero"},
      {"GET / HTTP/1.x", malformed_request_line, "a letter"},
      {"GET / HTTP/\xEF", malformed_request_line, "full-width digits"},
      {"GET / HTTP/1.2\r\n", unsupported_version, "a version that nobody defined", 505},
      {"GET / HTTP/1.9\r\n", unsupported_version, "another one", 505},
      {"GET / HTTP/0.9\r\n", unsupported_version, "HTTP/0.9 by name", 505},
      {"GET / HTTP/2.0\r\n", unsupported_version, "HTTP/2 in a request line", 505},
      {"GET / HTTP/3.1\r\n", unsupported_version, "HTTP/3", 505},
      {"PRI * HTTP/2.0\r\n", unsupported_version, "the preface of HTTP/2 with prior knowledge", 505},
  });
}

TEST_CASE("methods that would turn the gate into a tunnel or an echo are refused once the head is whole") {
  test::check_refused_requests({
      {"CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n", refused_method, "CONNECT", 405},
      {"connect / HTTP/1.1\r\nHost: h\r\n\r\n", refused_method, "which a backend may fold", 405},
      {"TRACE / HTTP/1.1\r\nHost: h\r\n\r\n", refused_method, "TRACE", 405},
      {"Trace / HTTP/1.0\r\n\r\n", refused_method, "TRACE in another case and version", 405},
      {"TRACE / HTTP/1.1\r\n\r\n", missing_host, "a malformed head is worse"},
  });
}

TEST_CASE("a field line is a token, a colon right behind it and text, ended by CRLF") {
  test::check_refused_requests({
      {start + " ", obsolete_line_folding, "white space before the first field"},
      {start + "\t", obsolete_line_folding, "a tab before the first field"},
      {with_host + " ", obsolete_line_folding, "a folded line"},
      {with_host + "\t", obsolete_line_folding, "a line folded with a tab"},
      {with_host + "A: b\r\n ", obsolete_line_folding, "a folded line of another field"},
      {start + "Host ", white_space_before_colon, "a space before the colon"},
      {start + "Host\t", white_space_before_colon, "a tab before the colon"},
      {start + "Content-Length ", white_space_before_colon, "a space before the colon of a length"},
      {start + "My ", white_space_before_colon, "a space within the name"},
      {start + ":", malformed_field_name, "no name"},
      {with_host + ":", malformed_field_name, "no name, further down"},
      {start + "A\r\n", malformed_field_name, "no colon"},
      {start + "A\n", bare_line_feed, "no colon and a LF"},
      {start + "A\r:", bare_carriage_return, "CR in a name"},
      {start + "A\0"s, control_character, "NUL in a name"},
      {start + "\0"s, control_character, "NUL before a name"},
      {start + "A\v", control_character, "a vertical tab before the colon"},
      {start + "A\x1F", control_character, "a control in a name"},
      {start + "A\x7F", control_character, "DEL in a name"},
      {start + "A\xC2", malformed_field_name, "a name that is not ASCII"},
      {start + "\xEF", malformed_field_name, "a byte order mark"},
      {start + "A(", malformed_field_name, "a parenthesis in a name"},
      {start + "A/", malformed_field_name, "a slash in a name"},
      {start + "A,", malformed_field_name, "a comma in a name"},
      {start + "A;", malformed_field_name, "a semicolon in a name"},
      {start + "A=", malformed_field_name, "an equals sign in a name"},
      {start + "A@", malformed_field_name, "an at sign in a name"},
      {start + "A[", malformed_field_name, "a bracket in a name"},
      {start + "A{", malformed_field_name, "a brace in a name"},
      {start + "A\\", malformed_field_name, "a backslash in a name"},
      {start + "\"", malformed_field_name, "a quoted name"},
      {start + "GET ", white_space_before_colon, "a second request line"},
      {start + "A: \0"s, control_character, "NUL in a value"},
      {start + "A:\v", control_character, "a vertical tab before a value"},
      {start + "A: b\f", control_character, "a form feed behind a value"},
      {start + "A: b\x1B", control_character, "an escape in a value, for the reader of a log"},
      {start + "A: b\x7F", control_character, "DEL in a value"},
      {start + "A: b\n", bare_line_feed, "a value ended by a LF"},
      {start + "A:\n", bare_line_feed, "an empty value ended by a LF"},
      {start + "A: b\rX", bare_carriage_return, "CR within a value"},
      {start + "A: b\r\r", bare_carriage_return, "CR CR LF"},
      {start + "A: b\r ", bare_carriage_return, "CR and a space, a fold to some"},
      {with_host + "\n", bare_line_feed, "the head ended by a LF"},
      {with_host + "\rX", bare_carriage_return, "the head ended by a CR"},
      {with_host + "\r\r", bare_carriage_return, "the head ended by CR CR LF"},
  });
}

TEST_CASE("every byte is judged alike wherever it stands in a method, target, name or value") {
  const std::string_view token =
      "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  std::string visible;
  for (int code = 0x21; code < 256; ++code) {
    if (code != 0x7F) visible += static_cast<char>(code);
  }
  struct {
    std::string before;
    std::string behind;
    std::string allowed;
    std::string_view why;
  } places[] = {
      {"G", " / HTTP/1.1\r\nHost: h\r\n\r\n", std::string(token), "method"},
      {"GET /", " HTTP/1.1\r\nHost: h\r\n\r\n", visible, "target"},
      {with_host + "A", ": b\r\n\r\n", std::string(token) + ":", "field name"},
      {with_host + "A:", "\r\n\r\n", visible + " \t", "field value"},
      {with_host + "A: b\tc\t", "\r\n\r\n", visible + " \t", "field value behind tabs"},
  };
  for (auto& place : places) {
    CAPTURE(place.why);
    std::ranges::sort(place.allowed);
    for (std::size_t position = 0; position < 18; ++position) {
      std::string accepted;
      for (int code = 0; code < 256; ++code) {
        std::string text(18, 'x');
        text[position] = static_cast<char>(code);
        RequestParser parser(16384);
        RequestHead head;
        const ParseState state = parser.parse(place.before + text + place.behind, head);
        CHECK(state != ParseState::incomplete);
        if (state == ParseState::complete) accepted += static_cast<char>(code);
      }
      std::ranges::sort(accepted);
      CHECK_MESSAGE(accepted == place.allowed, "at ", position);
    }
  }
}

TEST_CASE("a Host is there once and names one host") {
  test::check_refused_requests({
      {start + "\r\n", missing_host, "none"},
      {start + "Hosts: h\r\nX-Host: h\r\n\r\n", missing_host, "only other names"},
      {start + "Host:\r\n", malformed_host, "empty"},
      {start + "Host: \t \r\n", malformed_host, "only white space"},
      {"GET / HTTP/1.0\r\nHost:\r\n", malformed_host, "empty on HTTP/1.0"},
      {with_host + "Host: h\r\n", duplicate_host, "twice"},
      {with_host + "Host: i\r\n", duplicate_host, "two that differ"},
      {with_host + "hOST:\r\n", duplicate_host, "the second one empty, in another case"},
      {with_host + "A: b\r\nHost: h\r\n", duplicate_host, "not next to each other"},
      {"GET / HTTP/1.0\r\nHost: h\r\nHost: h\r\n", duplicate_host, "twice on HTTP/1.0"},
      {start + "Host: h,i\r\n", malformed_host, "a list"},
      {start + "Host: h, h\r\n", malformed_host, "a list of the same"},
      {start + "Host: alice@h\r\n", malformed_host, "userinfo"},
      {start + "Host: h i\r\n", malformed_host, "a space"},
      {start + "Host: h/\r\n", malformed_host, "a path"},
      {start + "Host: http://h\r\n", malformed_host, "a URI"},
      {start + "Host: :80\r\n", malformed_host, "only a port"},
      {start + "Host: h:x\r\n", malformed_host, "a port that is no number"},
      {start + "Host: h:65536\r\n", malformed_host, "a port that does not exist"},
      {start + "Host: h:80:80\r\n", malformed_host, "two ports"},
      {start + "Host: ::1\r\n", malformed_host, "IPv6 without brackets"},
      {start + "Host: \xC3\xA9\r\n", malformed_host, "not ASCII"},
  });
}
