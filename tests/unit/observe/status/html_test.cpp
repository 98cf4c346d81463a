#include "observe/status/html.hpp"

#include <doctest/doctest.h>

using namespace postern::observe;

TEST_CASE("text cannot become markup") {
  CHECK(escaped("a <b c=\"d\" e='f'> & g") == "a &lt;b c=&quot;d&quot; e=&#39;f&#39;&gt; &amp; g");
  CHECK(escaped(std::string_view("\0\x1b\n\x7f\xff", 5)) == "&#xFFFD;&#xFFFD;&#xFFFD;&#xFFFD;&#xFFFD;");
  CHECK(escaped("").empty());
}

TEST_CASE("a URL loses its user and password, wherever it stands") {
  struct Row {
    std::string_view text;
    std::string_view expected;
  };
  const Row rows[] = {
      {"https://auth.example.com/jwks", "https://auth.example.com/jwks"},
      {"https://me:secret@auth.example.com/jwks", "https://auth.example.com/jwks"},
      {"https://me@host", "https://host"},
      {"https://a:b@c:d@host/x@y", "https://host/x@y"},
      {"https://host/@me", "https://host/@me"},
      {"https://a:b@one/ iss=https://c:d@two,https://e:f@three?q=@",
       "https://one/ iss=https://two,https://three?q=@"},
      {"alice@example.com", "alice@example.com"},
      {"://", "://"},
      {"", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(without_user_info(row.text) == row.expected);
  }
}

TEST_CASE("numbers, durations and times are written for people") {
  CHECK(grouped(0) == "0");
  CHECK(grouped(999) == "999");
  CHECK(grouped(1000) == "1,000");
  CHECK(grouped(12'345'678) == "12,345,678");
  CHECK(short_number(0) == "0");
  CHECK(short_number(0.0421) == "0.042");
  CHECK(short_number(1.66) == "1.7");
  CHECK(short_number(120.4) == "120");
  CHECK(duration_text(0) == "-");
  CHECK(duration_text(.00042) == "0.42 ms");
  CHECK(duration_text(.0171) == "17 ms");
  CHECK(duration_text(1.23) == "1.2 s");
  CHECK(time_text(0) == "never");
  CHECK(time_text(1'767'225'600) == "2026-01-01 00:00:00");
  CHECK(span_text(-5) == "0 s");
  CHECK(span_text(119) == "119 s");
  CHECK(span_text(1020) == "17 min");
  CHECK(span_text(12'000) == "3 h 20 min");
  CHECK(span_text(86'400 * 12 + 3 * 3600) == "12 d 3 h");
}
