#pragma once
// Tables of refused heads. Each input ends with the byte at which the fault can first be told, so that a
// parser that waits longer, or decides earlier, fails.

#include <doctest/doctest.h>

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "http/head_parser.hpp"

namespace postern::http::test {

struct Refusal {
  std::string raw;
  HeadFault fault;
  std::string_view why;
  unsigned status = 400;
};

// `read(parser, bytes)` parses. What has not been received yet is in memory behind `bytes`, so that a look
// beyond their end would show.
template <typename Parser, typename Read>
void check_refused(const Refusal& test, std::size_t limit, Read read) {
  CAPTURE(test.why);
  CAPTURE(test.raw.substr(0, 200));
  const auto check_outcome = [&](Parser& parser, std::string_view bytes) {
    CHECK(read(parser, bytes) == ParseState::refused);
    CHECK(text_of(parser.fault()) == text_of(test.fault));
    CHECK(status_of(parser.fault()) == test.status);
  };
  for (const std::string_view tail :
       {"", "\r\n", "\r\n\r\n", "\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"}) {
    const std::string raw = test.raw + std::string(tail);
    Parser whole(limit);
    check_outcome(whole, raw);

    Parser parser(limit);
    for (std::size_t size = 0; size < test.raw.size(); ++size) {
      const ParseState state = read(parser, std::string_view(raw).substr(0, size));
      CHECK_MESSAGE(state == ParseState::incomplete, "decided after ", size, " bytes");
      if (state != ParseState::incomplete) return;
    }
    check_outcome(parser, std::string_view(raw).substr(0, test.raw.size()));
    check_outcome(parser, raw);
  }
}

inline void check_refused_requests(const std::vector<Refusal>& cases, std::size_t limit = 16384) {
  for (const Refusal& test : cases) {
    RequestHead head;
    check_refused<RequestHeadParser>(test, limit, [&](RequestHeadParser& parser, std::string_view bytes) {
      return parser.parse(bytes, head);
    });
  }
}

}  // namespace postern::http::test
