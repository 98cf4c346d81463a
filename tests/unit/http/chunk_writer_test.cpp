#include "http/chunk_writer.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using namespace postern::http;

TEST_CASE("request trailers pass but for those that would alter identity, routing or framing") {
  struct {
    std::vector<Field> trailers;
    std::string expected;
    const char* why;
  } const cases[] = {
      {{}, "", "none"},
      {{{"Digest", "sha-256=x"}, {"X-Checksum", "1"}, {"x-checksum", ""}},
       "Digest: sha-256=x\r\nX-Checksum: 1\r\nx-checksum: \r\n",
       "harmless, in their order"},
      {{{"X-User-Id", "bob"}, {"x_user_id", "bob"}, {"X-USER_ID", "bob"}, {"X-User", "bob"}},
       "X-User: bob\r\n",
       "identity in every spelling"},
      {{{"Authorization", "x"},
        {"authorization", "x"},
        {"Proxy-Authorization", "x"},
        {"proxy_authorization", "x"}},
       "",
       "authorization"},
      {{{"Cookie", "session=x"}}, "", "authentication by cookie (RFC 9110 6.5.1)"},
      {{{"Content-Length", "5"},
        {"content_length", "5"},
        {"Transfer-Encoding", "chunked"},
        {"transfer_encoding", "x"}},
       "",
       "framing"},
      {{{"Trailer", "x"}, {"TE", "x"}, {"Expect", "100-continue"}}, "", "controls of the message"},
      {{{"Host", "evil"}, {"Forwarded", "host=evil"}}, "", "routing"},
      {{{"X-Forwarded-For", "x"},
        {"x_forwarded_proto", "x"},
        {"X-Forwarded-Host", "x"},
        {"X_Forwarded-Prefix", "x"}},
       "",
       "forwarding, any of them"},
      {{{"Connection", "x"},
        {"Keep-Alive", "x"},
        {"Proxy-Connection", "x"},
        {"Upgrade", "x"},
        {"HTTP2-Settings", "x"}},
       "",
       "connection"},
      {{{"Content-Type", "x"}, {"Content-Encoding", "x"}, {"content_range", "x"}, {"Content-Location", "x"}},
       "Content-Location: x\r\n",
       "how the content is read"},
      {{{"X-Request-Id", "x"}, {"X_Request_Id", "x"}}, "", "request id"},
      {{{"X-Postern-Identity", "x"}, {"x_postern_identity", "x"}}, "", "signed identity"},
      {{{"X-Postern-Override", "true"}, {"x_postern_override", "true"}}, "", "override"},
      {{{"X-User-Role", "x"}, {"x_user_role", "x"}, {"X-User-Roles", "x"}},
       "X-User-Roles: x\r\n",
       "claim headers"},
      {{{"X-Real-IP", "x"}, {"x_real_ip", "x"}}, "", "address"},
  };
  const std::vector<std::string> claim_headers = {"X-User-Role"};
  for (const auto& test : cases) {
    CAPTURE(test.why);
    std::string out = "data\r\n";
    write_last_chunk_upstream(out, test.trailers, "X-User-Id", claim_headers);
    CHECK(out == "data\r\n0\r\n" + test.expected + "\r\n");
  }
}
