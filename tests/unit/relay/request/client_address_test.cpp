#include "relay/request/client_address.hpp"

#include <doctest/doctest.h>

#include <variant>
#include <vector>

#include "config/values/endpoint.hpp"

using namespace postern;

namespace {

config::TrustedProxies trusting(std::string_view range) {
  config::TrustedProxies trusted;
  trusted.ranges.push_back(std::get<config::AddressRange>(config::parse_address_range(range)));
  return trusted;
}

transport::Peer peer_at(unsigned char last, const config::TrustedProxies& trusted) {
  return {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 10, 0, 0, last}, trusted};
}

}  // namespace

TEST_CASE("the client is the last address that no trusted proxy has") {
  struct Row {
    std::vector<http::Field> fields;
    std::string_view client;
    std::string_view why;
  };
  const std::vector<Row> rows = {
      {{}, "10.0.0.1", "nobody says more"},
      {{{"X-Forwarded-For", "192.0.2.1"}}, "192.0.2.1", "the proxy says so"},
      {{{"x-forwarded-for", "198.51.100.1, 192.0.2.1"}},
       "192.0.2.1",
       "what is further left is the client's word"},
      {{{"X-Forwarded-For", "192.0.2.1,\t10.0.0.2 , 10.0.0.3"}},
       "192.0.2.1",
       "proxies of ours are passed over"},
      {{{"X-Forwarded-For", "192.0.2.1"}, {"X-Forwarded-For", "10.0.0.2"}},
       "192.0.2.1",
       "lines are one list"},
      {{{"X-Forwarded-For", "10.0.0.3, 10.0.0.2"}}, "10.0.0.3", "all are ours: the first of them"},
      {{{"X-Forwarded-For", "192.0.2.1:4711"}}, "192.0.2.1", "with a port"},
      {{{"X-Forwarded-For", "[2001:db8::1]:4711"}}, "2001:db8::1", "likewise"},
      {{{"X-Forwarded-For", "2001:db8::1"}}, "2001:db8::1", "without brackets"},
      {{{"X-Forwarded-For", "192.0.2.1, unknown"}}, "10.0.0.1", "behind what is no address nothing counts"},
      {{{"X-Forwarded-For", "192.0.2.1, unknown, 10.0.0.2"}}, "10.0.0.2", "likewise"},
      {{{"X-Forwarded-For", "[::1"}}, "10.0.0.1", "likewise"},
      {{{"X-Forwarded-For", "192.0.2.1,"}}, "10.0.0.1", "an empty entry is none"},
      {{{"X_Forwarded_For", "192.0.2.1"}}, "10.0.0.1", "another spelling is never believed"},
  };
  const auto trusted = trusting("10.0.0.0/8");
  for (const Row& row : rows) {
    CAPTURE(row.why);
    http::RequestHead head;
    head.fields = row.fields;
    CHECK(relay::client_of(head, peer_at(1, trusted), trusted).address() == row.client);
  }
}

TEST_CASE("who is no trusted proxy speaks for itself alone") {
  const auto trusted = trusting("10.0.0.2");
  http::RequestHead head;
  head.fields = {{"X-Forwarded-For", "192.0.2.1"}};
  CHECK(relay::client_of(head, peer_at(1, trusted), trusted).address() == "10.0.0.1");
  transport::Peer distrusted = peer_at(2, trusted);
  distrusted.distrust();
  CHECK(relay::client_of(head, distrusted, trusted).address() == "10.0.0.2");
}
