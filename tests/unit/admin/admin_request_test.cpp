#include "admin/admin_request.hpp"

#include <doctest/doctest.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <string_view>

using namespace postern::admin;
namespace asio = boost::asio;

TEST_CASE("only a literal address or localhost is a Host that no name server decides about") {
  for (const std::string_view host : {"localhost", "LocalHost:9090", "127.0.0.1", "127.0.0.1:9090",
                                      "10.1.2.3", "[::1]", "[::1]:9090", "[2001:db8::1]"}) {
    CAPTURE(host);
    CHECK(names_an_address(host));
  }
  for (const std::string_view host :
       {"", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "127.1", "0x7f000001",
        "2130706433", "[evil]", "[::1", "::1", "localhost.", "[::1]evil.example", "127.0.0.1:evil.example",
        "[::1]9090"}) {
    CAPTURE(host);
    CHECK_FALSE(names_an_address(host));
  }
}

TEST_CASE("this machine is loopback and unix sockets") {
  const auto at = [](const char* address) {
    return is_local(asio::ip::tcp::endpoint(asio::ip::make_address(address), 4711));
  };
  CHECK(at("127.0.0.1"));
  CHECK(at("127.200.0.1"));
  CHECK(at("::1"));
  CHECK(at("::ffff:127.0.0.1"));
  CHECK_FALSE(at("10.0.0.1"));
  CHECK_FALSE(at("::"));
  CHECK_FALSE(at("::ffff:10.0.0.1"));
  CHECK_FALSE(at("2001:db8::1"));
  CHECK(is_local(asio::local::stream_protocol::endpoint("/run/admin")));
}
