#include "gate/judge.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "scene.hpp"

using namespace postern::gate;
using namespace postern::gate::test;
using postern::token::sign_hs256;

namespace {

struct Row {
  std::string_view why;
  std::string bytes;
  Answer answer;
  Step step;
  std::string_view reason;
  std::string_view uid = "";
};

void check_all(Scene& scene, const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    CAPTURE(row.why);
    const Verdict verdict = scene.judge(row.bytes);
    CHECK(verdict.answer == row.answer);
    CHECK(text_of(verdict.step) == text_of(row.step));
    CHECK(verdict.reason == row.reason);
    CHECK(verdict.uid.view() == row.uid);
    CHECK(verdict.forward() == (row.answer == Answer::none));
  }
}

}  // namespace

TEST_CASE("each step of the decision fails with its own answer") {
  Scene scene;
  const std::string alice = bearer("alice");
  check_all(
      scene,
      {
          {"1: malformed head", "GET /api/alice HTTP/1.1\r\nHost : h\r\n\r\n", Answer::bad_request,
           Step::head, "white space before colon"},
          {"1: refused before the token is read", request("TRACE", "/api/alice", {alice}),
           Answer::method_not_allowed, Step::head, "refused method"},
          {"2: two readings", request("GET", "/api%2Falice/tasks", {alice}), Answer::bad_request,
           Step::target, "encoded slash"},
          {"2: two readings, on a public path", request("GET", "/public/../api/alice"), Answer::bad_request,
           Step::target, "dot segment"},
          {"2: absolute-form with a host that is none", request("GET", "http://h:99999/api/alice", {alice}),
           Answer::bad_request, Step::target, "malformed authority"},
          {"3: public", request("GET", "/public/x"), Answer::none, Step::rule, "public"},
          {"3: public, and a token is not looked at", request("GET", "/public/x", {alice}), Answer::none,
           Step::rule, "public"},
          {"3: public, whatever Authorization says", request("GET", "/public", {"Authorization: Basic eA=="}),
           Answer::none, Step::rule, "public"},
          {"4: no token", request("GET", "/api/alice/tasks"), Answer::unauthenticated, Step::credentials,
           "no credentials"},
          {"4: no token, no rule: the same as with a rule", request("GET", "/nowhere"),
           Answer::unauthenticated, Step::credentials, "no credentials"},
          {"5: bad token", request("GET", "/api/alice", {"Authorization: Bearer a.b.c"}),
           Answer::token_invalid, Step::token, "malformed base64url"},
          {"5: bad token, no rule: the same as with a rule",
           request("GET", "/nowhere", {"Authorization: Bearer x"}), Answer::token_invalid, Step::token,
           "not three parts"},
          {"6: no rule", request("GET", "/nowhere", {alice}), Answer::not_found, Step::route, "no rule",
           "alice"},
          {"6: the root has no rule", request("GET", "/", {alice}), Answer::not_found, Step::route, "no rule",
           "alice"},
          {"6: ** needs what stands before it", request("GET", "/api/", {alice}), Answer::not_found,
           Step::route, "no rule", "alice"},
          {"7: another user", request("GET", "/api/bob/tasks", {alice}), Answer::forbidden, Step::owner,
           "another user", "alice"},
          {"7: another case is another user", request("GET", "/api/Alice", {alice}), Answer::forbidden,
           Step::owner, "another user", "alice"},
          {"7: a longer name is another user", request("GET", "/api/alice2", {alice}), Answer::forbidden,
           Step::owner, "another user", "alice"},
          {"7: the beginning is another user", request("GET", "/api/alic", {alice}), Answer::forbidden,
           Step::owner, "another user", "alice"},
          {"8: owner", request("GET", "/api/alice/tasks", {alice}), Answer::none, Step::forward, "ok",
           "alice"},
          {"8: owner, encoded", request("POST", "/%61pi/%61lice", {alice}), Answer::none, Step::forward, "ok",
           "alice"},
          {"8: owner, query untouched", request("GET", "/api/alice?user_id=bob", {alice}), Answer::none,
           Step::forward, "ok", "alice"},
          {"8: owner, absolute-form", request("GET", "http://h/api/alice", {alice}), Answer::none,
           Step::forward, "ok", "alice"},
          {"8: any valid token", request("GET", "/shared/bob", {alice}), Answer::none, Step::forward, "ok",
           "alice"},
          {"8: HEAD is judged as GET is", request("HEAD", "/api/bob", {alice}), Answer::forbidden,
           Step::owner, "another user", "alice"},
          {"identity headers never count",
           request("GET", "/api/bob", {alice, "X-User-Id: bob", "X-Original-URL: /api/alice"}),
           Answer::forbidden, Step::owner, "another user", "alice"},
          {"cookies never count", request("GET", "/api/alice", {"Cookie: token=" + token_of("alice")}),
           Answer::unauthenticated, Step::credentials, "no credentials"},
          {"the query never carries a token", request("GET", "/api/alice?access_token=" + token_of("alice")),
           Answer::unauthenticated, Step::credentials, "no credentials"},
      });
}

TEST_CASE("a verdict names the rule, the expiry and whether the connection may go on") {
  Scene scene;
  const Verdict owner = scene.judge(request("GET", "/api/alice/x", {bearer("alice")}));
  REQUIRE(owner.rule != nullptr);
  CHECK(owner.rule->text == "/api/{user_id}/**");
  CHECK(owner.expires_at == now + 600);
  CHECK_FALSE(owner.must_close);
  CHECK_FALSE(owner.preflight);
  CHECK(scene.target.origin_form() == "/api/alice/x");

  CHECK(scene.judge(request("GET", "/nowhere", {bearer("alice")})).rule == nullptr);
  CHECK_FALSE(scene.judge(request("GET", "/api/bob", {bearer("alice")})).must_close);
  CHECK_FALSE(scene.judge(request("GET", "/api/bob")).must_close);
  CHECK(scene.judge(request("GET", "/api//bob")).must_close);
  CHECK(scene.judge("GET /\r\n\r\n").must_close);
}

TEST_CASE("a token that is expired says so and every other fault is only invalid") {
  struct Fault {
    std::string_view why;
    std::string token;
    Answer answer;
    std::string_view reason;
  };
  const std::string good = token_of("alice");
  const std::string none_header = "eyJhbGciOiJub25lIn0";  // {"alg":"none"}
  const std::string payload_part = good.substr(good.find('.'), good.rfind('.') - good.find('.'));
  const std::vector<Fault> rows = {
      {"just inside the leeway", token_of("alice", now - 29), Answer::none, "ok"},
      {"expired", token_of("alice", now - 31), Answer::token_expired, "expired"},
      {"another secret", sign_hs256(R"({"uid":"alice","exp":1700000600})", std::string(32, 'x')),
       Answer::token_invalid, "bad signature"},
      {"expired under another secret", sign_hs256(R"({"uid":"alice","exp":1})", std::string(32, 'x')),
       Answer::token_invalid, "bad signature"},
      {"alg none", none_header + payload_part + ".", Answer::token_invalid, ""},
      {"no exp", signed_payload(R"({"uid":"alice"})"), Answer::token_invalid, "missing expiry"},
      {"no uid: an e-mail verification token", signed_payload(R"({"email":"a@b","exp":1700000600})"),
       Answer::token_invalid, "missing uid"},
      {"sub names another", signed_payload(R"({"uid":"alice","sub":"bob","exp":1700000600})"),
       Answer::token_invalid, "subject mismatch"},
      {"exp in milliseconds", signed_payload(R"({"uid":"alice","exp":1700000600000})"), Answer::token_invalid,
       "lifetime too long"},
      {"the opaque session token", "abc.def", Answer::token_invalid, "not three parts"},
      {"too large", std::string(8193, 'a'), Answer::token_invalid, "token too large"},
      {"good, after all of these", good, Answer::none, "ok"},
  };
  Scene scene;
  for (const Fault& row : rows) {
    CAPTURE(row.why);
    const Verdict verdict = scene.judge(request("GET", "/api/alice", {"Authorization: Bearer " + row.token}));
    CHECK(verdict.answer == row.answer);
    if (!row.reason.empty()) CHECK(verdict.reason == row.reason);
    CHECK(verdict.step == (verdict.forward() ? Step::forward : Step::token));
    CHECK(verdict.uid.empty() == !verdict.forward());
  }
}

TEST_CASE("a body that is announced too large is refused to those who might send it, and only to them") {
  Scene scene;
  const std::string alice = bearer("alice");
  const std::string too_large = "Content-Length: 1001";
  check_all(scene, {
                       {"at the limit", request("POST", "/api/alice", {alice, "Content-Length: 1000"}),
                        Answer::none, Step::forward, "ok", "alice"},
                       {"over it", request("POST", "/api/alice", {alice, too_large}),
                        Answer::content_too_large, Step::forward, "content too large", "alice"},
                       {"over it, public", request("POST", "/public/x", {too_large}),
                        Answer::content_too_large, Step::forward, "content too large"},
                       {"over it, no token", request("POST", "/api/alice", {too_large}),
                        Answer::unauthenticated, Step::credentials, "no credentials"},
                       {"over it, another user", request("POST", "/api/bob", {alice, too_large}),
                        Answer::forbidden, Step::owner, "another user", "alice"},
                       {"chunked is counted as it comes",
                        request("POST", "/api/alice", {alice, "Transfer-Encoding: chunked"}), Answer::none,
                        Step::forward, "ok", "alice"},
                   });
  CHECK(scene.judge(request("POST", "/api/alice", {alice, too_large})).must_close);
}

TEST_CASE("a preflight passes without identity only where a rule is and only when it is one") {
  Scene scene;
  const std::string alice = bearer("alice");
  const std::string origin = "Origin: https://app.test";
  const std::string asks = "Access-Control-Request-Method: GET";
  struct Preflight {
    std::string_view why;
    std::string bytes;
    bool preflight;
    Answer answer;
  };
  const std::vector<Preflight> rows = {
      {"as browsers send it", request("OPTIONS", "/api/bob/tasks", {origin, asks}), true, Answer::none},
      {"Content-Length: 0", request("OPTIONS", "/api/bob", {origin, asks, "Content-Length: 0"}), true,
       Answer::none},
      {"names in any case",
       request("OPTIONS", "/api/bob", {"ORIGIN: null", "access-control-request-method: PUT"}), true,
       Answer::none},
      {"a token does not make it more", request("OPTIONS", "/api/bob", {origin, asks, alice}), true,
       Answer::none},
      {"on a token path", request("OPTIONS", "/shared", {origin, asks}), true, Answer::none},
      {"on a public path", request("OPTIONS", "/public", {origin, asks}), true, Answer::none},
      {"no rule", request("OPTIONS", "/nowhere", {origin, asks}), false, Answer::unauthenticated},
      {"no rule, with a token", request("OPTIONS", "/nowhere", {origin, asks, alice}), false,
       Answer::not_found},
      {"two readings", request("OPTIONS", "/api/bob/..", {origin, asks}), false, Answer::bad_request},
      {"asterisk-form", request("OPTIONS", "*", {origin, asks}), false, Answer::bad_request},
      {"no Origin", request("OPTIONS", "/api/bob", {asks}), false, Answer::unauthenticated},
      {"no method asked for", request("OPTIONS", "/api/bob", {origin}), false, Answer::unauthenticated},
      {"no method asked for, but in a spelling that a backend may fold",
       request("OPTIONS", "/api/bob", {origin, "Access_Control_Request_Method: GET"}), false,
       Answer::unauthenticated},
      {"neither", request("OPTIONS", "/api/bob"), false, Answer::unauthenticated},
      {"neither, another user", request("OPTIONS", "/api/bob", {alice}), false, Answer::forbidden},
      {"neither, owner", request("OPTIONS", "/api/alice", {alice}), false, Answer::none},
      {"two Origins", request("OPTIONS", "/api/bob", {origin, origin, asks}), false, Answer::unauthenticated},
      {"two methods asked for", request("OPTIONS", "/api/bob", {origin, asks, asks}), false,
       Answer::unauthenticated},
      {"Connection takes the Origin away",
       request("OPTIONS", "/api/bob", {origin, asks, "Connection: keep-alive, origin"}), false,
       Answer::unauthenticated},
      {"Connection takes the method asked for away",
       request("OPTIONS", "/api/bob", {origin, asks, "Connection: Access-Control-Request-Method"}), false,
       Answer::unauthenticated},
      {"Connection takes something else away",
       request("OPTIONS", "/api/bob", {origin, asks, "Connection: X-A"}), true, Answer::none},
      {"a body", request("OPTIONS", "/api/bob", {origin, asks, "Content-Length: 1"}), false,
       Answer::unauthenticated},
      {"a chunked body", request("OPTIONS", "/api/bob", {origin, asks, "Transfer-Encoding: chunked"}), false,
       Answer::unauthenticated},
      {"another method", request("GET", "/api/bob", {origin, asks}), false, Answer::unauthenticated},
      {"methods are case-sensitive", request("options", "/api/bob", {origin, asks}), false,
       Answer::unauthenticated},
  };
  for (const Preflight& row : rows) {
    CAPTURE(row.why);
    const Verdict verdict = scene.judge(row.bytes);
    CHECK(verdict.preflight == row.preflight);
    CHECK(verdict.answer == row.answer);
    if (!row.preflight) continue;
    CHECK(verdict.uid.empty());
    CHECK(verdict.rule != nullptr);
    CHECK(verdict.reason == "preflight");
    CHECK(verdict.step == Step::rule);
  }
}

TEST_CASE("where everything is public a target with two readings is refused all the same") {
  Policy policy = usual_policy();
  policy.rules = rules_from({{postern::route::RuleKind::open, "/**"}});
  Scene scene(std::move(policy));
  const std::string preflight = "Origin: https://app.test\r\nAccess-Control-Request-Method: GET";
  CHECK(scene.judge(request("GET", "/")).forward());
  for (const std::string_view target : {"/a/../b", "/a%2Fb", "//a", "/a\\b", "/%00", "*", "http://u@h/"}) {
    CAPTURE(target);
    CHECK(scene.judge(request("GET", target)).answer == Answer::bad_request);
    CHECK(scene.judge(request("OPTIONS", target, {preflight})).answer == Answer::bad_request);
  }
}

TEST_CASE("preflights need a token when they are not to be forwarded") {
  Policy policy = usual_policy();
  policy.forward_preflight = false;
  Scene scene(std::move(policy));
  const std::string origin = "Origin: https://app.test";
  const std::string asks = "Access-Control-Request-Method: GET";
  check_all(scene,
            {
                {"no token", request("OPTIONS", "/api/alice", {origin, asks}), Answer::unauthenticated,
                 Step::credentials, "no credentials"},
                {"owner", request("OPTIONS", "/api/alice", {origin, asks, bearer("alice")}), Answer::none,
                 Step::forward, "ok", "alice"},
                {"public", request("OPTIONS", "/public", {origin, asks}), Answer::none, Step::rule, "public"},
            });
}

TEST_CASE("a head that was refused gets the answer that its status asks for") {
  struct Refusal {
    unsigned status;
    Answer answer;
  };
  const Refusal rows[] = {
      {400, Answer::bad_request},           {405, Answer::method_not_allowed}, {408, Answer::request_timeout},
      {413, Answer::content_too_large},     {414, Answer::uri_too_long},       {431, Answer::head_too_large},
      {505, Answer::version_not_supported}, {0, Answer::bad_request},          {200, Answer::bad_request},
  };
  for (const Refusal& row : rows) {
    CAPTURE(row.status);
    const Verdict verdict = refuse_head(row.status, "why");
    CHECK(verdict.answer == row.answer);
    CHECK(verdict.step == Step::head);
    CHECK(verdict.reason == "why");
    CHECK(verdict.must_close);
    CHECK_FALSE(verdict.forward());
  }
}

TEST_CASE("a decision in two halves waits for the token, and for nothing else") {
  const Policy policy = usual_policy();
  Scene scene;
  static_cast<void>(scene.judge(request("GET", "/api/alice/x", {bearer("alice")})));
  postern::route::Target target;
  Judged judged = judge_head(scene.head, policy, target);
  CHECK(judged.token == token_of("alice"));
  CHECK(judged.user_id == "alice");
  postern::token::Verification verification;
  verification.uid = *postern::token::Uid::from("alice");
  judge_token(judged, verification, scene.head, policy, target);
  CHECK(judged.verdict.forward());
  CHECK(judged.token.empty());
  static_cast<void>(scene.judge(request("GET", "/public/x", {bearer("alice")})));
  CHECK(judge_head(scene.head, policy, target).token.empty());
  static_cast<void>(scene.judge(request("GET", "/api/alice/x")));
  CHECK(judge_head(scene.head, policy, target).verdict.answer == Answer::unauthenticated);
}

TEST_CASE("a rate turns a verdict into 429 and leaves what is known of it") {
  Scene scene;
  const Verdict limited = refuse_rate(scene.judge(request("GET", "/api/alice/x", {bearer("alice")})),
                                      Step::forward, "too many requests");
  CHECK(limited.answer == Answer::too_many_requests);
  CHECK(limited.reason == "too many requests");
  CHECK(limited.uid.view() == "alice");
  CHECK(limited.rule != nullptr);
  CHECK_FALSE(limited.must_close);
}
