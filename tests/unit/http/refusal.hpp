#pragma once
// Tables of refused heads. Each input, completed as its fault wants it, ends with the byte at which the fault
// can first be told, so that a parser that waits longer, or decides earlier, fails.

#include <doctest/doctest.h>

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "http/message_parser.hpp"

namespace postern::http::test {

struct Refusal {
  std::string raw;
  HeadFault fault;
  std::string_view why;
  unsigned status = 400;
};

// A forbidden byte is told at once, a malformed start line with its CRLF, what fields say with the empty
// line.
inline std::string completed(const Refusal& test, std::size_t limit) {
  std::string_view end;
  switch (test.fault) {
    case HeadFault::malformed_request_line:
    case HeadFault::malformed_status_line:
    case HeadFault::unsupported_version:
      end = "\r\n";
      break;
    case HeadFault::head_too_large:
      if (test.raw.size() < limit) end = "\r\n\r\n";
      break;
    case HeadFault::request_line_too_long:
    case HeadFault::bare_line_feed:
    case HeadFault::bare_carriage_return:
    case HeadFault::control_character:
    case HeadFault::malformed_field_name:
    case HeadFault::white_space_before_colon:
    case HeadFault::obsolete_line_folding:
      break;
    default:
      end = "\r\n\r\n";
  }
  std::string raw = test.raw;
  while (!raw.ends_with(end)) raw += "\r\n";
  return raw;
}

// `read(parser, bytes)` parses. What has not been received yet is in memory behind `bytes`, so that a look
// beyond their end would show.
template <typename Parser, typename Read>
void check_refused(const Refusal& test, std::size_t limit, Read read) {
  CAPTURE(test.why);
  CAPTURE(test.raw.substr(0, 200));
  const std::string received = completed(test, limit);
  const auto check_outcome = [&](Parser& parser, std::string_view bytes) {
    CHECK(read(parser, bytes) == ParseState::refused);
    CHECK(text_of(parser.fault()) == text_of(test.fault));
    CHECK(status_of(parser.fault()) == test.status);
  };
  for (const std::string_view tail :
       {"", "\r\n", "\r\n\r\n", "\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"}) {
    const std::string raw = received + std::string(tail);
    Parser whole(limit);
    check_outcome(whole, raw);

    Parser parser(limit);
    for (std::size_t size = 0; size < received.size(); ++size) {
      const ParseState state = read(parser, std::string_view(raw).substr(0, size));
      CHECK_MESSAGE(state == ParseState::incomplete, "decided after ", size, " bytes");
      if (state != ParseState::incomplete) return;
    }
    check_outcome(parser, std::string_view(raw).substr(0, received.size()));
    check_outcome(parser, raw);
  }
}

inline void check_refused_requests(const std::vector<Refusal>& cases, std::size_t limit = 16384) {
  for (const Refusal& test : cases) {
    RequestHead head;
    check_refused<RequestParser>(test, limit, [&](RequestParser& parser, std::string_view bytes) {
      return parser.parse(bytes, head);
    });
  }
}

}  // namespace postern::http::test
