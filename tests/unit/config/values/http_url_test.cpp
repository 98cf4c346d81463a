#include "config/values/http_url.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace postern::config;

TEST_CASE("an origin is written as new URL(u).origin writes it") {
  struct Row {
    std::string_view url, origin, jwks;
  };
  const std::vector<Row> rows{
      {"https://auth.example.com", "https://auth.example.com", "https://auth.example.com/api/auth/jwks"},
      {"https://auth.example.com/", "https://auth.example.com", "https://auth.example.com/api/auth/jwks"},
      {"https://auth.example.com//", "https://auth.example.com", "https://auth.example.com/api/auth/jwks"},
      {"HTTPS://Auth.Example.COM", "https://auth.example.com", "https://auth.example.com/api/auth/jwks"},
      {"https://auth.example.com:443", "https://auth.example.com", "https://auth.example.com/api/auth/jwks"},
      {"https://auth.example.com:", "https://auth.example.com", "https://auth.example.com/api/auth/jwks"},
      {"http://auth.example.com:80/", "http://auth.example.com", "http://auth.example.com/api/auth/jwks"},
      {"http://auth.example.com:443", "http://auth.example.com:443",
       "http://auth.example.com:443/api/auth/jwks"},
      {"https://auth.example.com:0443", "https://auth.example.com", "https://auth.example.com/api/auth/jwks"},
      {"http://localhost:3000", "http://localhost:3000", "http://localhost:3000/api/auth/jwks"},
      {"http://localhost:3000/api/auth", "http://localhost:3000", "http://localhost:3000/api/auth/jwks"},
      {"http://localhost:3000/api/auth/", "http://localhost:3000", "http://localhost:3000/api/auth/jwks"},
      {"https://example.com/Accounts", "https://example.com", "https://example.com/Accounts/jwks"},
      {"http://127.0.0.1:3000", "http://127.0.0.1:3000", "http://127.0.0.1:3000/api/auth/jwks"},
      {"http://[::1]:3000", "http://[::1]:3000", "http://[::1]:3000/api/auth/jwks"},
      {"http://[0:0:0:0:0:0:0:1]", "http://[::1]", "http://[::1]/api/auth/jwks"},
      {"http://[2001:DB8:0:0:1:0:0:1]", "http://[2001:db8::1:0:0:1]",
       "http://[2001:db8::1:0:0:1]/api/auth/jwks"},
      {"http://[::FFFF:1.2.3.4]", "http://[::ffff:102:304]", "http://[::ffff:102:304]/api/auth/jwks"},
      {"http://[::]", "http://[::]", "http://[::]/api/auth/jwks"},
      {"http://[1:0:2:3:4:5:6:7]", "http://[1:0:2:3:4:5:6:7]", "http://[1:0:2:3:4:5:6:7]/api/auth/jwks"},
      {"http://[1::]", "http://[1::]", "http://[1::]/api/auth/jwks"},
      {"http://better_auth:3000", "http://better_auth:3000", "http://better_auth:3000/api/auth/jwks"},
      {"http://xn--mnchen-3ya.example", "http://xn--mnchen-3ya.example",
       "http://xn--mnchen-3ya.example/api/auth/jwks"},
      {"http://auth.", "http://auth.", "http://auth./api/auth/jwks"},
  };
  for (const auto& [text, origin, jwks] : rows) {
    CAPTURE(text);
    const auto parsed = parse_http_url(text);
    REQUIRE(std::holds_alternative<HttpUrl>(parsed));
    CHECK(std::get<HttpUrl>(parsed).origin == origin);
    CHECK(jwks_url_of(std::get<HttpUrl>(parsed)) == jwks);
  }
}

TEST_CASE("what a browser would repair or read as another host is refused") {
  for (const std::string_view text : {"",
                                      "auth.example.com",
                                      "//auth.example.com",
                                      "ftp://a",
                                      "http:/a",
                                      "http:a",
                                      "http://",
                                      "http:///a",
                                      "http://:80",
                                      "http://a:b",
                                      "http://a:0",
                                      "http://a:65536",
                                      "http://a:-1",
                                      "http://a:+1",
                                      "http://a:80:80",
                                      "http://me@a",
                                      "http://me:secret@a",
                                      "http://a\\b",
                                      "http:\\\\a",
                                      "http://a b",
                                      " http://a",
                                      "http://a\n",
                                      "http://a#x",
                                      "http://a/#",
                                      "http://a%2eb",
                                      "http://m\xC3\xBCnchen",
                                      "http://127.1",
                                      "http://0x7f000001",
                                      "http://0x7f.0.0.1",
                                      "http://2130706433",
                                      "http://127.0.0.01",
                                      "http://1.2.3.4.5",
                                      "http://256.0.0.1",
                                      "http://1.2.3.4.",
                                      "http://[::1",
                                      "http://[::1]x",
                                      "http://[1.2.3.4]",
                                      "http://[::1%25eth0]",
                                      "http://::1",
                                      "http://a,b",
                                      "http://a<b"}) {
    CAPTURE(text);
    const auto parsed = parse_http_url(text);
    REQUIRE(std::holds_alternative<std::string>(parsed));
    CHECK_FALSE(std::get<std::string>(parsed).empty());
  }
}

TEST_CASE("the parts of a URL are those that a client connects to and asks for") {
  const auto url = std::get<HttpUrl>(parse_http_url("HTTPS://Auth.example.com:8443/jwks?x=1"));
  CHECK(url.tls);
  CHECK(url.host == "auth.example.com");
  CHECK(url.port == 8443);
  CHECK(url.target == "/jwks?x=1");
  CHECK(std::get<HttpUrl>(parse_http_url("http://a?x")).target == "/?x");
  CHECK(std::get<HttpUrl>(parse_http_url("http://a")).port == 80);
  CHECK(std::get<HttpUrl>(parse_http_url("https://[::1]/")).host == "::1");
}

TEST_CASE("loopback is this host and nothing that sounds like it") {
  for (const std::string_view text : {"http://localhost", "http://LOCALHOST:1", "http://a.localhost",
                                      "http://127.0.0.1", "http://127.255.0.9", "http://[::1]"}) {
    CAPTURE(text);
    CHECK(std::get<HttpUrl>(parse_http_url(text)).is_loopback());
  }
  for (const std::string_view text : {"http://localhost.example", "http://notlocalhost", "http://128.0.0.1",
                                      "http://127.0.0.1.example", "http://[::2]", "http://10.0.0.1"}) {
    CAPTURE(text);
    CHECK_FALSE(std::get<HttpUrl>(parse_http_url(text)).is_loopback());
  }
}
