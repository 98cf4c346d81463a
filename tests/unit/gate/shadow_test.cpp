#include "gate/shadow.hpp"

#include <doctest/doctest.h>

#include "scene.hpp"

using namespace postern::gate;
using namespace postern::gate::test;

TEST_CASE("a shadow window shuts at its end and never opens again") {
  ShadowWindow window(now);
  CHECK(window.open(now - 1));
  CHECK_FALSE(window.open(now));
  CHECK_FALSE(window.open(now - 1));
  ShadowWindow none(std::nullopt);
  CHECK_FALSE(none.open(0));
}

TEST_CASE(
    "in shadow mode what lacks a right is forwarded without identity, and what is malformed is refused") {
  struct Row {
    std::string_view why;
    std::string bytes;
    Answer answer;
    bool shadow;
    std::string_view reason;
    std::string_view uid;
  };
  const std::string alice = bearer("alice");
  const std::vector<Row> rows = {
      {"forwarded anyway", request("GET", "/api/alice", {alice}), Answer::none, false, "ok", "alice"},
      {"public anyway", request("GET", "/public"), Answer::none, false, "public", ""},
      {"401", request("GET", "/api/alice"), Answer::none, true, "no credentials", ""},
      {"401 of a bad token", request("GET", "/api/alice", {"Authorization: Bearer x"}), Answer::none, true,
       "not three parts", ""},
      {"403", request("GET", "/api/bob", {alice}), Answer::none, true, "another user", ""},
      {"404", request("GET", "/nowhere", {alice}), Answer::none, true, "no rule", ""},
      {"400", request("GET", "/api/alice/..", {alice}), Answer::bad_request, false, "dot segment", ""},
      {"405", request("TRACE", "/api/alice", {alice}), Answer::method_not_allowed, false, "refused method",
       ""},
      {"413", request("POST", "/api/alice", {alice, "Content-Length: 1001"}), Answer::content_too_large,
       false, "content too large", "alice"},
      {"413 of what would be 401", request("POST", "/api/alice", {"Content-Length: 1001"}),
       Answer::content_too_large, false, "content too large", ""},
  };
  Scene scene;
  for (const Row& row : rows) {
    CAPTURE(row.why);
    const Verdict verdict = shadowed(scene.judge(row.bytes), scene.head, usual_policy());
    CHECK(verdict.answer == row.answer);
    CHECK(verdict.shadow == row.shadow);
    CHECK(verdict.reason == row.reason);
    CHECK(verdict.uid.view() == row.uid);
    CHECK(verdict.claims.empty());
    CHECK_FALSE(verdict.overridden);
  }
}

TEST_CASE("a 503 is forwarded only where the token's step gave it") {
  Verdict verdict;
  verdict.answer = Answer::upstream_unavailable;
  verdict.step = Step::token;
  const postern::http::RequestHead head;
  CHECK(shadowed(verdict, head, usual_policy()).forward());
  verdict.step = Step::forward;
  CHECK_FALSE(shadowed(verdict, head, usual_policy()).forward());
}
