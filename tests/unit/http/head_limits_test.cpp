#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "http/message_parser.hpp"
#include "refusal.hpp"

namespace {

using namespace postern::http;
using test::Refusal;
using enum HeadFault;

constexpr std::size_t limit = 512;
constexpr std::size_t ample = 16384;

void check_request(const Refusal& refusal, std::size_t max_head_bytes) {
  RequestHead head;
  test::check_refused<RequestParser>(refusal, max_head_bytes, [&](auto& parser, std::string_view bytes) {
    return parser.parse(bytes, head);
  });
}

void check_response(const Refusal& refusal, std::size_t max_head_bytes) {
  ResponseHead head;
  test::check_refused<ResponseParser>(refusal, max_head_bytes, [&](auto& parser, std::string_view bytes) {
    return parser.parse(bytes, "GET", head);
  });
}

std::string repeated(std::string_view text, std::size_t count) {
  std::string result;
  for (std::size_t i = 0; i < count; ++i) result += text;
  return result;
}

// `before` and `behind` with as many letters between them as make it `size` bytes.
std::string filled(const std::string& before, std::size_t size, const std::string& behind) {
  return before + std::string(size - before.size() - behind.size(), 'x') + behind;
}

const std::string request = "GET / HTTP/1.1\r\nHost: h\r\n";
const std::string response = "HTTP/1.1 200 OK\r\n";

}  // namespace

TEST_CASE("a head of exactly the limit passes, with whatever follows it") {
  const std::string requests[] = {
      filled("GET /", limit, " HTTP/1.1\r\nHost: h\r\n\r\n"),
      filled(request + "A: ", limit, "\r\n\r\n"),
      filled("\r\n" + request + "A: ", limit, "\r\n\r\n"),
      filled("", limit, " / HTTP/1.1\r\nHost: h\r\n\r\n"),
  };
  for (const std::string& raw : requests) {
    CAPTURE(raw);
    for (const std::string& tail : {std::string(), request, std::string(2 * limit, 'x')}) {
      RequestParser parser(limit);
      RequestHead head;
      CHECK(parser.parse(raw + tail, head) == ParseState::complete);
      CHECK(parser.head_size() == limit);
    }
  }
  const std::string responses[] = {
      filled(response + "A: ", limit, "\r\n\r\n"),
      filled("HTTP/1.1 200 ", limit, "\r\n\r\n"),
  };
  for (const std::string& raw : responses) {
    CAPTURE(raw);
    for (const std::string& tail : {std::string(), response, std::string(2 * limit, 'x')}) {
      ResponseParser parser(limit);
      ResponseHead head;
      CHECK(parser.parse(raw + tail, "GET", head) == ParseState::complete);
      CHECK(parser.head_size() == limit);
    }
  }
}

TEST_CASE("a request head that is not whole at the limit is refused there, the line apart from the fields") {
  const std::vector<Refusal> cases = {
      {filled("GET /", limit, ""), request_line_too_long, "a target without an end", 414},
      {filled("", limit, ""), request_line_too_long, "a method without an end", 414},
      {filled("GET /", limit, " HTTP/1.1\r"), request_line_too_long, "one byte short of a whole line", 414},
      {filled("\r\nGET /", limit, " HTTP/1."), request_line_too_long, "the empty line before it counts", 414},
      {filled("GET /", limit, " HTTP/1.1\r\n"), head_too_large, "a whole line and not a field", 431},
      {filled(request, limit, ""), head_too_large, "a name without an end", 431},
      {filled(request + "A:", limit, ""), head_too_large, "a value without an end", 431},
      {filled(request + "A:", limit, "\r\n\r"), head_too_large, "one byte short of the empty line", 431},
      {filled(request + "A:", limit, "\r\n"), head_too_large, "no empty line", 431},
      {filled(request + repeated("A:b\r\n", 90) + "A:", limit, "\r\n"), head_too_large, "many fields", 431},
  };
  for (const Refusal& test : cases) {
    REQUIRE(test.raw.size() == limit);
    check_request(test, limit);
  }
}

TEST_CASE("a fault within the limit is told rather than the size") {
  check_request({filled("GET /", limit, "\n"), bare_line_feed, "a LF as the last byte"}, limit);
  check_request({filled(request + "A:", limit, "\n"), bare_line_feed, "a LF at the end of a value"}, limit);
  check_response({filled(response + "A:", limit, "\n"), bare_line_feed, "a LF in a response"}, limit);
}

TEST_CASE("a response head that is not whole at the limit is refused there") {
  const std::vector<Refusal> cases = {
      {filled(response, limit, ""), head_too_large, "a name without an end", 431},
      {filled(response + "A:", limit, ""), head_too_large, "a value without an end", 431},
      {filled(response + "A:", limit, "\r\n\r"), head_too_large, "one byte short of the empty line", 431},
      {filled("HTTP/1.1 200 ", limit, ""), head_too_large, "a reason without an end", 431},
  };
  for (const Refusal& test : cases) {
    REQUIRE(test.raw.size() == limit);
    check_response(test, limit);
  }
}

TEST_CASE("field lines and connection options are counted") {
  const std::string fields = repeated("A:b\r\n", max_field_lines);
  check_request({request + fields, head_too_large, "one field too many beside Host", 431}, ample);
  check_response({response + fields + "A:b\r\n", head_too_large, "one field too many", 431}, ample);
  const std::string options = repeated("a,", max_connection_options);
  check_request({request + "Connection: " + options + "b\r\n", head_too_large, "in one field", 431}, ample);
  check_request({request + "Connection: " + options + "\r\nConnection: b\r\n", head_too_large, "in two", 431},
                ample);
  check_response({response + "Connection: " + options + "b\r\n", head_too_large, "in a response", 431},
                 ample);

  const std::string most = response + fields.substr(5) + "Connection: " + options + "\r\n\r\n";
  ResponseParser parser(ample);
  ResponseHead head;
  CHECK(parser.parse(most, "GET", head) == ParseState::complete);
  CHECK(head.fields.size() == max_field_lines);
  CHECK(head.connection.size() == max_connection_options);
}
