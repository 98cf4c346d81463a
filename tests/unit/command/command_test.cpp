#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <sstream>

#include "command/run.hpp"

using namespace postern;

namespace {

constexpr std::int64_t now = 1767225600;
const std::string secret = "0123456789abcdef0123456789abcdef";

struct Ran {
  int code;
  std::string out;
  std::string err;
};

Ran run(const std::vector<std::string>& arguments, std::vector<config::Variable> environment = {},
        const std::string& input = {}, bool with_secret = true) {
  if (with_secret) environment.push_back({"BETTER_AUTH_SECRET", secret});
  const config::HostEnvironment host{[](const std::string&) {
                                       return config::FileContent{{}, "no files here"};
                                     },
                                     2};
  std::istringstream in(input);
  std::ostringstream out;
  std::ostringstream err;
  const int code = command::run(arguments, {environment, host, in, out, err, now});
  return {code, out.str(), err.str()};
}

std::string minted(const std::vector<config::Variable>& environment = {}) {
  std::string text = run({"token", "--uid", "alice"}, environment).out;
  REQUIRE(text.ends_with('\n'));
  text.pop_back();
  return text;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("wrong usage is one line and exit 2") {
  const std::array<std::vector<std::string>, 15> rows = {{{"fly"},
                                                          {"serve", "now"},
                                                          {"check", "--all"},
                                                          {"--versoin"},
                                                          {"token"},
                                                          {"token", "--uid"},
                                                          {"token", "--uid", "a b"},
                                                          {"token", "--uid", ""},
                                                          {"token", "--uid", "alice", "--ttl", "soon"},
                                                          {"token", "--uid", "alice", "--ttl", "0s"},
                                                          {"token", "--uid", "alice", "--claim", "novalue"},
                                                          {"token", "--uid", "alice", "--claim", "=x"},
                                                          {"token", "--uid", "alice", "extra"},
                                                          {"explain", "GET", "/", "more"},
                                                          {"explain", "--tokne", "x"}}};
  for (const auto& arguments : rows) {
    const Ran ran = run(arguments);
    CAPTURE(ran.err);
    CHECK(ran.code == 2);
    CHECK(ran.out.empty());
    CHECK(ran.err.starts_with("postern: "));
    CHECK(std::count(ran.err.begin(), ran.err.end(), '\n') == 1);
  }
}

TEST_CASE("help and version go to standard output") {
  for (const char* argument : {"--help", "-h"}) {
    const Ran ran = run({argument});
    CHECK(ran.code == 0);
    CHECK(has(ran.out, "POSTERN_UPSTREAM_IDLE_TIMEOUT"));
    CHECK(has(ran.out, "BETTER_AUTH_SECRET_FILE"));
    CHECK(has(ran.out, "POSTERN_JWKS_URL"));
    CHECK(has(ran.out, "BETTER_AUTH_URL"));
  }
  CHECK(run({"token", "--help"}).code == 0);
  CHECK(run({"--version"}).out.starts_with("postern 0."));
}

TEST_CASE("check prints what is in force and no secret") {
  const Ran ran = run({"check"}, {{"POSTERN_LISTEN", "127.0.0.1:1234"}});
  CHECK(ran.code == 0);
  CHECK(has(ran.out, "POSTERN_LISTEN=127.0.0.1:1234\n"));
  CHECK(has(ran.out, "BETTER_AUTH_SECRET=set (32 bytes)\n"));
  CHECK_FALSE(has(ran.out + ran.err, secret));
}

TEST_CASE("a bad configuration is told by every command, exit 2") {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{}, {"serve"}, {"check"}, {"token", "--uid", "alice"}, {"explain"}}) {
    const Ran ran = run(arguments, {{"POSTERN_LISTEN", "x"}, {"POSTERN_THREADS", "y"}});
    CHECK(ran.code == 2);
    CHECK(ran.out.empty());
    CHECK(std::count(ran.err.begin(), ran.err.end(), '\n') == 2);
  }
}

TEST_CASE("a development token is accepted by the configuration it was made under") {
  const std::vector<config::Variable> environment = {{"POSTERN_JWT_ISSUER", "https://auth.example.com"},
                                                     {"POSTERN_JWT_AUDIENCE", "https://auth.example.com"},
                                                     {"POSTERN_UID_CLAIM", "user"}};
  const Ran ran = run({"explain", "--token", minted(environment), "/api/alice/x"}, environment);
  CHECK(ran.code == 0);
  CHECK(has(ran.out, "forwarded as alice"));
  CHECK(has(ran.out, "good until " + std::to_string(now + 900)));
}

TEST_CASE("where there is no secret to sign with, token says so") {
  const Ran ran = run({"token", "--uid", "alice"}, {{"BETTER_AUTH_URL", "http://localhost:3000"}}, {}, false);
  CHECK(ran.code == 2);
  CHECK(ran.out.empty());
  CHECK(has(ran.err, "no secret to sign with"));
}

TEST_CASE("with BETTER_AUTH_URL beside the secret a development token is for it") {
  const std::vector<config::Variable> environment = {{"BETTER_AUTH_URL", "http://localhost:3000/api/auth"}};
  const Ran ran = run({"explain", "--token", minted(environment), "/api/alice/x"}, environment);
  CHECK(has(ran.out, "forwarded as alice"));
  CHECK(has(run({"explain", "--token", minted(), "/api/alice/x"}, environment).out, "wrong issuer"));
  CHECK(has(run({"check"}, environment).out,
            "POSTERN_JWKS_URL=http://localhost:3000/api/auth/jwks iss=http://localhost:3000"));
}

TEST_CASE("--claim adds claims and replaces them; what would then be refused is said") {
  const Ran expired = run({"token", "--uid", "alice", "--claim", "exp=1"});
  CHECK(expired.code == 0);
  CHECK(has(expired.err, "refuses that token: expired"));
  const Ran extra = run({"token", "--uid=alice", "--claim", "role=admin", "--claim", "n={\"a\":[1,true]}"});
  CHECK(extra.code == 0);
  CHECK(extra.err.empty());
  CHECK(has(run({"token", "--uid", "alice", "--claim", "sub=bob"}).err, "refuses that token"));
}

TEST_CASE("explain names the step that fails and the answer") {
  const std::string alice = minted();
  struct Row {
    std::vector<std::string> arguments;
    std::string_view step, answer;
  };
  const std::array<Row, 10> rows = {{
      {{"/api/alice/x"}, "credentials failed  no credentials", "401 Not authenticated"},
      {{"--token", alice, "/api/bob/x"}, "owner       failed  another user", "403 Forbidden"},
      {{"--token", alice, "/elsewhere"}, "route       failed  no rule", "404 Not Found"},
      {{"--token", alice, "DELETE", "/api/alice"}, "forward     ok", "forwarded as alice"},
      {{"--token", alice + "x", "/api/alice"}, "token       failed", "401 Invalid token"},
      {{"--token", "abc.def", "/api/alice"}, "session token", "401 Invalid token"},
      {{"/api%2Fbob/alice"}, "target      failed  encoded slash", "400 Bad Request"},
      {{"GET /x"}, "head        failed  malformed request line", "400 Bad Request"},
      {{"TRACE", "/"}, "head        failed", "405 Method Not Allowed"},
      {{"GET", "/open"}, "rule        ok      public path /open", "forwarded without identity"},
  }};
  for (const Row& row : rows) {
    std::vector<std::string> arguments = {"explain"};
    arguments.insert(arguments.end(), row.arguments.begin(), row.arguments.end());
    const Ran ran = run(arguments, {{"POSTERN_PUBLIC_PATHS", "/open"}});
    CAPTURE(ran.out);
    CHECK(ran.code == (row.answer.starts_with("forwarded") ? 0 : 1));
    CHECK(has(ran.out, row.step));
    CHECK(has(ran.out, row.answer));
  }
}

TEST_CASE("explain takes the token from standard input, so that it stays out of the process list") {
  CHECK(has(run({"explain", "--token", "-", "/api/alice"}, {}, minted() + "\r\n").out, "forwarded as alice"));
}
