#include "http/head_scan.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

using namespace postern::http;
using Kind = HeadScan::Kind;
using State = HeadScan::State;

TEST_CASE("the start line is told once, apart from the fields") {
  const std::string_view head = "\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\nrest";
  HeadScan scan(Kind::request, 100);
  CHECK(scan.scan(head) == State::start_line);
  CHECK(scan.start_line_begin() == 2);
  CHECK(head.substr(scan.line_begin()).starts_with("Host"));
  CHECK(scan.scan(head) == State::complete);
  CHECK(head.substr(scan.line_begin()) == "rest");
  CHECK(scan.scan(head) == State::complete);
}

TEST_CASE("trailers have no start line, and none of them is a section, too") {
  HeadScan scan(Kind::trailers, 100);
  CHECK(scan.scan("A: b\r\n\r") == State::incomplete);
  CHECK(scan.scan("A: b\r\n\r\n") == State::complete);
  CHECK(scan.line_begin() == 8);
  HeadScan none(Kind::trailers, 100);
  CHECK(none.scan("\r\n") == State::complete);
}

TEST_CASE("a tab may stand in a reason and in values, not in a request line") {
  CHECK(HeadScan(Kind::response, 100).scan("HTTP/1.1 200 a\tb\r\n") == State::start_line);
  HeadScan request(Kind::request, 100);
  CHECK(request.scan("GET /\t") == State::refused);
  CHECK(request.fault() == HeadFault::control_character);
  HeadScan value(Kind::trailers, 100);
  CHECK(value.scan("A:\tb\tc\t\r\n\r\n") == State::complete);
}

TEST_CASE("a section of exactly the limit passes, and a longer one is refused at the limit") {
  for (const std::string_view rest : {"", "GET / HTTP/1.1\r\n\r\n"}) {
    CHECK(HeadScan(Kind::trailers, 8).scan("A: b\r\n\r\n" + std::string(rest)) == State::complete);
  }
  HeadScan longer(Kind::trailers, 7);
  CHECK(longer.scan("A: b\r\n\r\n") == State::refused);
  CHECK(longer.fault() == HeadFault::head_too_large);
}

TEST_CASE("a control character is found at every place of eight bytes") {
  for (std::size_t at = 0; at < 24; ++at) {
    for (int code = 0; code < 256; ++code) {
      std::string text = "A:" + std::string(24, 'x') + "\r\n\r\n";
      text[2 + at] = static_cast<char>(code);
      const bool allowed = (code >= 0x20 && code != 0x7F) || code == '\t';
      HeadScan scan(Kind::trailers, 100);
      CHECK((scan.scan(text) == State::complete) == allowed);
    }
  }
}
