#include "http/forward_request.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "http/message_parser.hpp"

namespace {

using namespace postern::http;

// What the gate knows of the requests below.
UpstreamRequest known() {
  UpstreamRequest request;
  request.target = "/t";
  request.authority = "h";
  request.identity_header = "X-User-Id";
  request.uid = "alice";
  request.peer_address = "192.0.2.7";
  request.scheme = "http";
  request.request_id = "r-1";
  return request;
}

// What the gate writes behind the fields of the client.
const std::string forwarded =
    "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: h\r\n";
const std::string ending = forwarded + "X-Request-Id: r-1\r\nX-User-Id: alice\r\n\r\n";

std::string rewrite_whole(const std::string& raw, const UpstreamRequest& request) {
  RequestParser parser(65536);
  RequestHead head;
  REQUIRE(parser.parse(raw, head) == ParseState::complete);
  std::string out;
  write_request_head(out, head, request);
  return out;
}

// The field lines sent with a GET, and those that come out between Host and what the gate adds.
std::string rewrite(const std::string& fields, const UpstreamRequest& request,
                    const std::string& end = ending) {
  const std::string out = rewrite_whole("GET /raw HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n", request);
  const std::string begin = "GET /t HTTP/1.1\r\nHost: h\r\n";
  REQUIRE(out.starts_with(begin));
  INFO("rewritten to:\n", out);
  REQUIRE(out.ends_with(end));
  REQUIRE(out.size() >= begin.size() + end.size());
  return out.substr(begin.size(), out.size() - begin.size() - end.size());
}

struct Case {
  std::string fields;
  std::string expected;
  const char* why;
};

}  // namespace

TEST_CASE("a request head is written anew, byte for byte as expected") {
  struct {
    std::string raw;
    std::string expected;
    const char* why;
  } const cases[] = {
      {"GET /t HTTP/1.1\r\nHost: h\r\n\r\n", "GET /t HTTP/1.1\r\nHost: h\r\n" + ending, "the shortest"},
      {"GET http://other/t HTTP/1.1\r\nUser-Agent: u\r\nHost: other\r\nAccept: */*\r\n\r\n",
       "GET /t HTTP/1.1\r\nHost: h\r\nUser-Agent: u\r\nAccept: */*\r\n" + ending,
       "target and authority are those that were judged, Host is first"},
      {"POST /t HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Type: text/plain\r\n\r\n",
       "POST /t HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n" + ending,
       "Content-Length from the framing"},
      {"POST /t HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n",
       "POST /t HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n" + ending, "an empty body stays told"},
      {"POST /t HTTP/1.1\r\nHost: h\r\ntransfer-encoding: CHUNKED\r\nTrailer: Digest\r\n\r\n",
       "POST /t HTTP/1.1\r\nHost: h\r\nTrailer: Digest\r\nTransfer-Encoding: chunked\r\n" + ending,
       "Transfer-Encoding canonical"},
      {"GET /t HTTP/1.0\r\n\r\n", "GET /t HTTP/1.1\r\nHost: h\r\n" + ending, "HTTP/1.0 becomes HTTP/1.1"},
      {"PATCH /t HTTP/1.1\r\nHost: h\r\nX:a:b  c\r\nY:\r\nZ: \t\xE9\"\\ \r\n\r\n",
       "PATCH /t HTTP/1.1\r\nHost: h\r\nX: a:b  c\r\nY: \r\nZ: \xE9\"\\\r\n" + ending,
       "values byte for byte, the space around them canonical"},
      {"DELETE /t HTTP/1.1\r\nHost: h\r\nCookie: a=1\r\nAccept: x\r\ncookie: b=2\r\nCOOKIE: a=1\r\n\r\n",
       "DELETE /t HTTP/1.1\r\nHost: h\r\nCookie: a=1\r\nAccept: x\r\ncookie: b=2\r\nCOOKIE: a=1\r\n" + ending,
       "duplicates keep their order and spelling"},
  };
  for (const auto& test : cases) {
    CAPTURE(test.why);
    CHECK(rewrite_whole(test.raw, known()) == test.expected);
  }
}

TEST_CASE("the head is appended to what is already there") {
  RequestHead head;
  head.method = "GET";
  std::string out = "before";
  write_request_head(out, head, known());
  CHECK(out == "beforeGET /t HTTP/1.1\r\nHost: h\r\n" + ending);
}

TEST_CASE("no spelling of the identity header reaches the backend but the gate's own") {
  const Case cases[] = {
      {"X-User-Id: bob\r\n", "", "as configured"},
      {"x-user-id: bob\r\n", "", "lower case"},
      {"X_User_Id: bob\r\n", "", "underscores (CVE-2025-64484)"},
      {"X-User_Id: bob\r\n", "", "one underscore"},
      {"x_uSER-iD: bob\r\n", "", "mixed"},
      {"X-User-Id: alice\r\nA: b\r\nX-User-Id: bob\r\nX_USER_ID: eve\r\n", "A: b\r\n", "several"},
      {"X-User-Id:\r\n", "", "empty"},
      {"X-User-Ids: bob\r\n", "X-User-Ids: bob\r\n", "another name"},
      {"X.User.Id: bob\r\n", "X.User.Id: bob\r\n", "a name that no backend folds into it"},
      {"X-User-I: bob\r\n", "X-User-I: bob\r\n", "a shorter name"},
      {"Connection: X-User-Id\r\n", "", "nominated in Connection, the gate's own stays"},
      {"Connection: close, X-User-Id\r\nX-User-Id: bob\r\n", "", "sent and nominated"},
      {"Connection: X_User_Id\r\n", "", "nominated in another spelling"},
  };
  for (const Case& test : cases) {
    CAPTURE(test.why);
    CHECK(rewrite(test.fields, known()) == test.expected);
  }
}

TEST_CASE("without a uid no identity header leaves, neither the gate's nor the client's") {
  UpstreamRequest request = known();
  request.uid = {};
  const std::string without_identity = forwarded + "X-Request-Id: r-1\r\n\r\n";
  CHECK(rewrite("X-User-Id: bob\r\nx_user_id: bob\r\nA: b\r\n", request, without_identity) == "A: b\r\n");
}

TEST_CASE("the identity header's name is the configured one") {
  UpstreamRequest request = known();
  request.identity_header = "Remote-User";
  const std::string end = forwarded + "X-Request-Id: r-1\r\nRemote-User: alice\r\n\r\n";
  CHECK(rewrite("remote_user: bob\r\nX-User-Id: bob\r\n", request, end) == "X-User-Id: bob\r\n");
}

TEST_CASE("no spelling of a claim header or the override reaches the backend but the gate's own") {
  const std::string claim_fields = "X-User-Role: admin\r\nX-User-Org: o1\r\n";
  const std::vector<std::string> names = {"X-User-Org", "X-User-Role", "From"};
  const Case cases[] = {
      {"X-User-Role: root\r\nx_user_role: root\r\nX-USER-role: root\r\n", "", "a claim header"},
      {"X_User_Org: o2\r\nFrom: bob\r\nfrom: bob\r\n", "", "others, and one that Beast knows"},
      {"Connection: X-User-Role, X-Postern-Override\r\n", "", "nominated, the gate's own stay"},
      {"X-Postern-Override: true\r\nx_postern_override: true\r\n", "", "the override"},
      {"X-User-Roles: r\r\nX-User: u\r\n", "X-User-Roles: r\r\nX-User: u\r\n", "other names"},
  };
  UpstreamRequest request = known();
  request.claim_headers = names;
  const std::string ending = forwarded + "X-Request-Id: r-1\r\nX-User-Id: alice\r\n";
  for (const Case& test : cases) {
    CAPTURE(test.why);
    CHECK(rewrite(test.fields, request, ending + "\r\n") == test.expected);
    UpstreamRequest overridden = request;
    overridden.claim_fields = claim_fields;
    overridden.overridden = true;
    CHECK(rewrite(test.fields, overridden, ending + claim_fields + "X-Postern-Override: true\r\n\r\n") ==
          test.expected);
  }
}

TEST_CASE("hop-by-hop fields and those that Connection nominates end at the gate") {
  const Case cases[] = {
      {"Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n", "", "Connection and Keep-Alive"},
      {"Proxy-Connection: keep-alive\r\nTE: trailers\r\n", "", "Proxy-Connection and TE"},
      {"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n", "", "h2c"},
      {"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n", "", "h2c without Connection"},
      {"Keep_Alive: 5\r\nproxy_connection: x\r\nhttp2_settings: x\r\n", "", "folded spellings"},
      {"Connection: X-Hop\r\nX-Hop: 1\r\nX-End: 2\r\nx-hop: 3\r\n", "X-End: 2\r\n", "nominated, any case"},
      {"X-Hop: 1\r\nConnection: a, , x-hop\r\nA: b\r\n", "", "nominated after it came"},
      {"Connection: a\r\nA: 1\r\nB: 2\r\nConnection: b\r\n", "", "over two lines"},
      {"Connection: Authorization, Cookie\r\nAuthorization: Bearer t\r\nCookie: a=b\r\n", "",
       "credentials too, as RFC 9110 7.6.1 says"},
      {"Connection: Host, X-Request-Id\r\n", "", "Host and the gate's own are not affected"},
      {"Connection: X-Forwarded-For, X-Forwarded-Proto, X-Forwarded-Host\r\n", "",
       "nor the forwarding fields"},
      {"Connection: X_Hop\r\nX-Hop: 1\r\n", "X-Hop: 1\r\n", "a nomination is not folded"},
      {"TE-X: 1\r\nUpgrade-Insecure-Requests: 1\r\n", "TE-X: 1\r\nUpgrade-Insecure-Requests: 1\r\n",
       "names that only begin so"},
      {"my_field: 1\r\nMy-Field: 2\r\n", "my_field: 1\r\nMy-Field: 2\r\n",
       "an underscore alone is no offence"},
      {"traceparent: 00-1-2-03\r\nVia: 1.1 x\r\nPriority: u=1\r\n",
       "traceparent: 00-1-2-03\r\nVia: 1.1 x\r\nPriority: u=1\r\n", "end-to-end fields"},
  };
  for (const Case& test : cases) {
    CAPTURE(test.why);
    CHECK(rewrite(test.fields, known()) == test.expected);
  }
}

TEST_CASE("Connection cannot take the framing away") {
  CHECK(
      rewrite_whole("POST /t HTTP/1.1\r\nHost: h\r\nConnection: Content-Length\r\nContent-Length: 5\r\n\r\n",
                    known()) == "POST /t HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n" + ending);
  CHECK(rewrite_whole("POST /t HTTP/1.1\r\nHost: h\r\nConnection: transfer-encoding\r\n"
                      "Transfer-Encoding: chunked\r\n\r\n",
                      known()) == "POST /t HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n" + ending);
}

TEST_CASE("framing comes from the judged head, whatever the fields say") {
  RequestHead head;
  head.method = "POST";
  head.fields = {
      {"Content_Length", "9"}, {"Transfer_Encoding", "chunked"}, {"content-length", "7"}, {"A", "b"}};
  head.framing = Framing::content_length;
  head.content_length = 18446744073709551615u;
  std::string out;
  write_request_head(out, head, known());
  CHECK(out == "POST /t HTTP/1.1\r\nHost: h\r\nA: b\r\nContent-Length: 18446744073709551615\r\n" + ending);
}

TEST_CASE("a head full of options is rewritten as exactly as one with few") {
  for (const int count : {1, 15, 16, 17, 400}) {
    CAPTURE(count);
    RequestHead head;
    head.method = "GET";
    std::vector<std::string> names;
    for (int i = 0; i < count; ++i) names.push_back((i % 2 == 0 ? "x-Hop-" : "X-hOP-") + std::to_string(i));
    for (const std::string& name : names) head.connection.insert(head.connection.begin(), name);
    const std::vector<std::string> sent = {"X-HOP-0", "X-Hop-" + std::to_string(count - 1), "X-Hop-", "A",
                                           "X-Hop-" + std::to_string(count)};
    for (const std::string& name : sent) head.fields.push_back({name, "1"});
    std::string out;
    write_request_head(out, head, known());
    CHECK(out == "GET /t HTTP/1.1\r\nHost: h\r\nX-Hop-: 1\r\nA: 1\r\n" + sent.back() + ": 1\r\n" + ending);
  }
}

TEST_CASE("Authorization passes, or is removed in every spelling") {
  const std::string fields = "Authorization: Bearer t\r\nA: b\r\nauthorization: Basic x\r\n";
  CHECK(rewrite(fields, known()) == fields);
  UpstreamRequest request = known();
  request.forward_authorization = false;
  CHECK(rewrite(fields + "AUTHORIZATION: x\r\n", request) == "A: b\r\n");
  CHECK(rewrite("Authorization-X: a\r\nX-Authorization: b\r\n", request) ==
        "Authorization-X: a\r\nX-Authorization: b\r\n");
}

TEST_CASE("what an untrusted peer says about forwarding is replaced") {
  const Case cases[] = {
      {"X-Forwarded-For: 10.0.0.1\r\n", "", "address"},
      {"x-forwarded-for: a\r\nX_Forwarded_For: b\r\nX-Forwarded_For: c\r\n", "", "address, every spelling"},
      {"X-Forwarded-Proto: https\r\nx_forwarded_proto: https\r\n", "", "scheme"},
      {"X-Forwarded-Host: evil\r\nX_FORWARDED_HOST: evil\r\n", "", "host"},
      {"Forwarded: for=10.0.0.1;host=evil\r\n", "", "RFC 7239"},
      {"X-Real-IP: 1.2.3.4\r\nx_real_ip: 1.2.3.4\r\n", "", "address, nginx's way"},
      {"X-Forwarded-User: root\r\nX_FORWARDED_PORT: 1\r\nx-forwarded-ssl: on\r\n", "", "all the rest"},
      {"X-Forwarded: a\r\nX-Real-Ips: b\r\n", "X-Forwarded: a\r\nX-Real-Ips: b\r\n", "other names"},
      {"X-Request-Id: r-0\r\nx_request_id: r-0\r\n", "", "request id"},
      {"X-Postern-Identity: v1.1.x\r\nx_postern_Identity: v1.1.x\r\n", "", "signed identity"},
  };
  for (const Case& test : cases) {
    CAPTURE(test.why);
    CHECK(rewrite(test.fields, known()) == test.expected);
  }
}

TEST_CASE("what a trusted proxy says about forwarding is kept where it has one meaning") {
  const std::string for_peer = "X-Forwarded-For: 192.0.2.7\r\n";
  const std::string proto = "X-Forwarded-Proto: http\r\n";
  const std::string host = "X-Forwarded-Host: h\r\n";
  const Case cases[] = {
      {"", for_peer + proto + host, "nothing said"},
      {"X-Forwarded-For: 10.0.0.1\r\n", "X-Forwarded-For: 10.0.0.1, 192.0.2.7\r\n" + proto + host,
       "appended"},
      {"X-Forwarded-For: a, b\r\nX-Forwarded-For:\r\nx-forwarded-for: c\r\n",
       "X-Forwarded-For: a, b, c, 192.0.2.7\r\n" + proto + host, "several lines are one list"},
      {"X_Forwarded_For: evil\r\n", for_peer + proto + host, "only underscores: came past the proxy"},
      {"X_Forwarded_For: evil\r\nX-Forwarded-For: a\r\n", "X-Forwarded-For: a, 192.0.2.7\r\n" + proto + host,
       "the real one beside it"},
      {"Connection: X-Forwarded-For\r\nX-Forwarded-For: a\r\n",
       "X-Forwarded-For: a, 192.0.2.7\r\n" + proto + host, "not to be nominated away"},
      {"X-Forwarded-Proto: https\r\n", for_peer + "X-Forwarded-Proto: https\r\n" + host, "scheme"},
      {"x-forwarded-proto: WSS\r\n", for_peer + "X-Forwarded-Proto: WSS\r\n" + host, "scheme in upper case"},
      {"X-Forwarded-Proto: https, http\r\n", for_peer + proto + host, "a list of schemes"},
      {"X-Forwarded-Proto: https\r\nX-Forwarded-Proto: https\r\n", for_peer + proto + host, "two schemes"},
      {"X-Forwarded-Proto: javascript\r\n", for_peer + proto + host, "no scheme of ours"},
      {"X_Forwarded_Proto: https\r\n", for_peer + proto + host, "scheme with underscores"},
      {"X-Forwarded-Host: w.example:8443\r\n", for_peer + proto + "X-Forwarded-Host: w.example:8443\r\n",
       "host"},
      {"X-Forwarded-Host: a/b?c=\r\n", for_peer + proto + host, "not an authority (CVE-2026-48710)"},
      {"X-Forwarded-Host: a, b\r\n", for_peer + proto + host, "a list of hosts"},
      {"X-Forwarded-Host: a\r\nX-Forwarded-Host: b\r\n", for_peer + proto + host, "two hosts"},
      {"X-Forwarded-Host:\r\n", for_peer + proto + host, "empty host"},
      {"X_Forwarded-Host: a\r\n", for_peer + proto + host, "host with an underscore"},
      {"Forwarded: for=10.0.0.1\r\n", "Forwarded: for=10.0.0.1\r\n" + for_peer + proto + host, "RFC 7239"},
      {"X-Real-IP: 10.0.0.1\r\nX_Real_IP: evil\r\n", "X-Real-IP: 10.0.0.1\r\n" + for_peer + proto + host,
       "nginx's address"},
      {"X-Forwarded-Port: 1\r\nX_Forwarded_User: evil\r\n",
       "X-Forwarded-Port: 1\r\n" + for_peer + proto + host, "the rest, without underscores"},
  };
  UpstreamRequest request = known();
  request.peer_is_trusted_proxy = true;
  for (const Case& test : cases) {
    CAPTURE(test.why);
    CHECK(rewrite(test.fields, request, "X-Request-Id: r-1\r\nX-User-Id: alice\r\n\r\n") == test.expected);
  }
}

TEST_CASE("of a trusted proxy's schemes those of the web are kept, whatever the connection's own") {
  UpstreamRequest request = known();
  request.peer_is_trusted_proxy = true;
  const struct {
    std::string said;
    std::string own;
    std::string sent;
  } cases[] = {
      {"http", "https", "http"}, {"https", "http", "https"}, {"ws", "http", "ws"},   {"wss", "http", "wss"},
      {"ftp", "https", "https"}, {"wsss", "http", "http"},   {"", "https", "https"},
  };
  for (const auto& test : cases) {
    CAPTURE(test.said);
    request.scheme = test.own;
    const std::string end = "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: " + test.sent +
                            "\r\nX-Forwarded-Host: h\r\nX-Request-Id: r-1\r\nX-User-Id: alice\r\n\r\n";
    CHECK(rewrite("X-Forwarded-Proto: " + test.said + "\r\n", request, end) == "");
  }
}

TEST_CASE("a request without an authority gets a Host and no invented X-Forwarded-Host") {
  UpstreamRequest request = known();
  request.authority = {};
  request.scheme = "https";
  CHECK(rewrite_whole("GET /t HTTP/1.0\r\nX-Forwarded-Host: evil\r\n\r\n", request) ==
        "GET /t HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\n"
        "X-Request-Id: r-1\r\nX-User-Id: alice\r\n\r\n");
}

TEST_CASE("a websocket handshake leaves with Connection and Upgrade of the gate's own") {
  UpstreamRequest request = known();
  request.websocket = true;
  const std::string upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n" + ending;
  const std::string handshake =
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Protocol: chat\r\nOrigin: http://o\r\n";
  CHECK(rewrite("connection: keep-alive, upgrade\r\nupgrade: WebSocket\r\n" + handshake, request, upgrade) ==
        handshake);
}

TEST_CASE("the token never travels on in Sec-WebSocket-Protocol") {
  const Case cases[] = {
      {"Sec-WebSocket-Protocol: bearer, t.o.k\r\n", "", "nothing else offered"},
      {"Sec-WebSocket-Protocol: bearer,t.o.k,chat\r\n", "Sec-WebSocket-Protocol: chat\r\n", "before another"},
      {"Sec-WebSocket-Protocol: chat , bearer\t,t.o.k, v2\r\n", "Sec-WebSocket-Protocol: chat, v2\r\n",
       "between"},
      {"Sec-WebSocket-Protocol: chat, bearer\r\nA: b\r\nsec-websocket-protocol: t.o.k, v2\r\n",
       "A: b\r\nSec-WebSocket-Protocol: chat, v2\r\n", "over two lines"},
      {"Sec-WebSocket-Protocol: bearer,, ,t.o.k\r\n", "", "behind empty elements"},
      {"Sec-WebSocket-Protocol: bearer, bearer, t.o.k\r\n", "", "bearer twice"},
      {"Sec-WebSocket-Protocol: bearer, t.o.k, bearer, u.p.l, x\r\n", "Sec-WebSocket-Protocol: x\r\n",
       "two tokens"},
      {"Sec-WebSocket-Protocol: Bearer, t.o.k\r\n", "", "another case"},
      {"Sec-WebSocket-Protocol: chat, bearer\r\n", "Sec-WebSocket-Protocol: chat\r\n", "no token"},
      {"Sec_WebSocket_Protocol: bearer, t.o.k\r\n", "", "underscores"},
      {"Sec-WebSocket-Protocol: bearers, chat\r\n", "Sec-WebSocket-Protocol: bearers, chat\r\n",
       "another name"},
      {"Connection: Sec-WebSocket-Protocol\r\nSec-WebSocket-Protocol: bearer, t.o.k, x\r\n", "", "nominated"},
  };
  UpstreamRequest request = known();
  request.strip_bearer_subprotocol = true;
  for (const Case& test : cases) {
    CAPTURE(test.why);
    CHECK(rewrite(test.fields, request) == test.expected);
  }
  const std::string fields = "Sec-WebSocket-Protocol: bearer ,x\r\nA: b\r\nSec_WebSocket_Protocol: y\r\n";
  CHECK_MESSAGE(rewrite(fields, known()) == fields, "left alone where it carries no token of ours");
}

TEST_CASE("Expect passes but for an HTTP/1.0 client, which waits for nothing") {
  CHECK(rewrite("Expect: 100-continue\r\n", known()) == "Expect: 100-continue\r\n");
  CHECK(rewrite("Expect: x\r\n", known()) == "Expect: x\r\n");
  CHECK(rewrite_whole("POST /t HTTP/1.0\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\n", known()) ==
        "POST /t HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n" + ending);
}

TEST_CASE("the gate's signed identity is there once, and a nominated or sent one never") {
  UpstreamRequest request = known();
  request.signed_identity = "v1.1.mac";
  const std::string end =
      forwarded + "X-Request-Id: r-1\r\nX-User-Id: alice\r\nX-Postern-Identity: v1.1.mac\r\n\r\n";
  for (const std::string fields :
       {"", "X-Postern-Identity: v1.1.forged\r\n", "X_POSTERN_IDENTITY: f\r\nx-postern-identity: g\r\n",
        "Connection: X-Postern-Identity\r\n"}) {
    CAPTURE(fields);
    CHECK(rewrite(fields, request, end) == "");
  }
}
