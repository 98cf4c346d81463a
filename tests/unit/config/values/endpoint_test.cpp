#include "config/values/endpoint.hpp"

#include <doctest/doctest.h>

#include <array>

using namespace postern::config;

namespace {

template <class T>
std::string outcome(const OrProblem<T>& parsed) {
  if (const auto* problem = std::get_if<std::string>(&parsed)) return "problem: " + *problem;
  return to_string(std::get<T>(parsed));
}

std::string outcome(const OrProblem<Upstream>& parsed) {
  if (const auto* problem = std::get_if<std::string>(&parsed)) return "problem: " + *problem;
  const auto& upstream = std::get<Upstream>(parsed);
  return (upstream.tls ? "tls " : "") + to_string(upstream.endpoint);
}

std::array<unsigned char, 16> mapped(std::array<unsigned char, 4> v4) {
  return {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, v4[0], v4[1], v4[2], v4[3]};
}

}  // namespace

TEST_CASE("addresses to listen on") {
  for (const std::string_view good :
       {"0.0.0.0:8080", "[::1]:1", "localhost:0", "unix:/run/postern.sock", "a_b.c-d:65535"}) {
    CHECK(outcome(parse_listen(good)) == good);
  }
  for (const std::string_view bad :
       {"8080", ":8080", "host", "host:", "host:65536", "host:-1", "host:8080x", "::1:80", "[::1]80", "[::1",
        "[host]:80", "unix:", "unix:relative", "a b:80", "http://a:80"}) {
    CAPTURE(bad);
    CHECK(outcome(parse_listen(bad)).starts_with("problem: "));
  }
  CHECK(outcome(parse_listen("unix:/" + std::string(106, 'x'))).starts_with("unix:/"));
  CHECK(outcome(parse_listen("unix:/" + std::string(107, 'x'))).starts_with("problem: "));
}

TEST_CASE("addresses of the upstream") {
  CHECK(outcome(parse_upstream("http://app:8000")) == "app:8000");
  CHECK(outcome(parse_upstream("http://app:8000/")) == "app:8000");
  CHECK(outcome(parse_upstream("http://app")) == "app:80");
  CHECK(outcome(parse_upstream("http://[::1]:8000")) == "[::1]:8000");
  CHECK(outcome(parse_upstream("https://app:8443")) == "tls app:8443");
  CHECK(outcome(parse_upstream("https://app/")) == "tls app:443");
  CHECK(outcome(parse_upstream("unix:/run/app.sock")) == "unix:/run/app.sock");
  for (const std::string_view bad :
       {"app:8000", "ftp://app", "http://", "https://", "https:app", "https://app/api", "https://app:0",
        "HTTPS://app", "http://app:0", "http://app/api", "http://u@app", "http://app?x", "http://app#x",
        "HTTP://app", "ftp://app"}) {
    CAPTURE(bad);
    CHECK(outcome(parse_upstream(bad)).starts_with("problem: "));
  }
}

TEST_CASE("address ranges") {
  CHECK(outcome(parse_address_range("192.0.2.1")) == "192.0.2.1/32");
  CHECK(outcome(parse_address_range("10.0.0.0/8")) == "10.0.0.0/8");
  CHECK(outcome(parse_address_range("2001:db8::/32")) == "2001:db8::/32");
  CHECK(outcome(parse_address_range("0.0.0.0/0")) == "0.0.0.0/0");
  for (const std::string_view bad :
       {"", "host", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "::/129", "10.0.0"}) {
    CAPTURE(bad);
    CHECK(outcome(parse_address_range(bad)).starts_with("problem: "));
  }
}

TEST_CASE("an address is in a range when the bits of its prefix agree") {
  const auto ten = std::get<AddressRange>(parse_address_range("10.128.0.0/9"));
  CHECK(ten.contains(mapped({10, 128, 0, 1})));
  CHECK(ten.contains(mapped({10, 255, 255, 255})));
  CHECK_FALSE(ten.contains(mapped({10, 127, 255, 255})));
  CHECK_FALSE(ten.contains(mapped({11, 128, 0, 1})));
  const auto one = std::get<AddressRange>(parse_address_range("::1"));
  CHECK(one.contains({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}));
  CHECK_FALSE(one.contains({}));
  CHECK_FALSE(one.contains(mapped({0, 0, 0, 1})));
  // All of IPv4 is not all of IPv6.
  const auto v4 = std::get<AddressRange>(parse_address_range("0.0.0.0/0"));
  CHECK(v4.contains(mapped({203, 0, 113, 9})));
  CHECK_FALSE(v4.contains({0x20, 0x01}));
}
