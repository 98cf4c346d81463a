// Methods, conditions, optional paths and overrides, judged with verified claims to order.

#include <doctest/doctest.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "claim_values.hpp"
#include "gate/judge.hpp"
#include "scene.hpp"

using namespace postern::gate;
using namespace postern::gate::test;
using postern::route::RuleKind;
namespace route = postern::route;
namespace http = postern::http;
namespace token = postern::token;

namespace {

// role, org and scope, in this order; absent where empty.
struct Claims {
  std::string_view role, org, scope;
};

Policy policy_of(const Templates& texts, const std::vector<std::string_view>& overrides = {}) {
  std::vector<route::Rule> rules = {
      std::get<route::Rule>(route::parse_rule("/claims role=a org=b scope=c", RuleKind::any_token))};
  for (const auto& [kind, text] : texts)
    rules.push_back(std::get<route::Rule>(route::parse_rule(text, kind)));
  Policy policy;
  for (const std::string_view text : overrides)
    policy.overrides.push_back(std::get<route::Override>(route::parse_override(text)));
  route::keep_claims(rules, policy.overrides, policy.claim_headers);
  policy.rules = route::RuleTable(std::move(rules));
  policy.max_body_bytes = 1000;
  return policy;
}

// As judge(), with a good token of `uid` that has these claims.
struct Court {
  Policy policy;
  std::string bytes{};
  http::RequestHead head{};
  route::Target target{};
  std::array<ClaimValue, 3> claims{};

  Verdict judge(std::string request, std::string_view uid, const Claims& values = {}) {
    bytes = std::move(request);
    http::RequestParser parser(1 << 16);
    REQUIRE(parser.parse(bytes, head) == http::ParseState::complete);
    Judged judged = judge_head(head, policy, target);
    if (judged.token.empty()) return judged.verdict;
    const std::array<std::string_view, 3> texts = {values.role, values.org, values.scope};
    for (std::size_t at = 0; at < 3; ++at) claims[at] = texts[at].empty() ? absent() : string(texts[at]);
    token::Verification verification;
    verification.uid = *token::Uid::from(uid);
    verification.claims = claims;
    judge_token(judged, verification, head, policy, target);
    return judged.verdict;
  }
};

const std::string sent = "Authorization: Bearer abc";

struct Row {
  std::string_view why;
  std::string request;
  std::string_view uid;
  Claims claims;
  unsigned status;  // 0: forwarded
  std::string_view reason;
  std::string_view rule;
};

void check_all(Policy policy, const std::vector<Row>& rows) {
  Court court{std::move(policy)};
  for (const Row& row : rows) {
    CAPTURE(row.why);
    const Verdict verdict = court.judge(row.request, row.uid, row.claims);
    CHECK(status_of(verdict.answer) == row.status);
    CHECK(verdict.reason == row.reason);
    CHECK((verdict.rule == nullptr ? "-" : verdict.rule->text) == row.rule);
    CHECK(verdict.overridden == (row.reason == "override"));
  }
}

}  // namespace

TEST_CASE("a condition that fails is 403 and no less specific rule answers for it") {
  const std::string_view rule = "/api/orgs/{org_id}/** {org_id}=org";
  check_all(
      policy_of({{RuleKind::any_token, rule}, {RuleKind::any_token, "/api/orgs/**"}}),
      {
          {"the own organisation",
           request("GET", "/api/orgs/o1/x", {sent}),
           "alice",
           {"", "o1", ""},
           0,
           "ok",
           rule},
          {"encoded", request("GET", "/api/orgs/%6F1", {sent}), "alice", {"", "o1", ""}, 0, "ok", rule},
          {"a foreign one",
           request("GET", "/api/orgs/o2/x", {sent}),
           "alice",
           {"", "o1", ""},
           403,
           "condition not met",
           rule},
          {"none", request("GET", "/api/orgs/o1/x", {sent}), "alice", {}, 403, "condition not met", rule},
          {"the wider rule for its own path",
           request("GET", "/api/orgs", {sent}),
           "alice",
           {},
           0,
           "ok",
           "/api/orgs/**"},
      });
}

TEST_CASE("of rules of one path either suffices, and the one that did is named") {
  check_all(
      policy_of({{RuleKind::any_token, "/a role=x"},
                 {RuleKind::any_token, "/a role=y org=o"},
                 {RuleKind::any_token, "GET /a scope=s"}}),
      {
          {"the first", request("PUT", "/a", {sent}), "u", {"x", "", ""}, 0, "ok", "/a role=x"},
          {"the second", request("PUT", "/a", {sent}), "u", {"y", "o", ""}, 0, "ok", "/a role=y org=o"},
          {"half of the second",
           request("PUT", "/a", {sent}),
           "u",
           {"y", "", ""},
           403,
           "condition not met",
           "/a role=x"},
          {"with methods before without",
           request("GET", "/a", {sent}),
           "u",
           {"x", "o", ""},
           403,
           "condition not met",
           "GET /a scope=s"},
          {"HEAD as GET", request("HEAD", "/a", {sent}), "u", {"", "", "s t"}, 0, "ok", "GET /a scope=s"},
      });
}

TEST_CASE("a user rule's conditions hold beside the comparison of the user, which comes first") {
  const std::string_view rule = "DELETE /api/{user_id}/x role=admin";
  check_all(
      policy_of({{RuleKind::user, rule}, {RuleKind::user, "/api/{user_id}/**"}}),
      {
          {"both", request("DELETE", "/api/alice/x", {sent}), "alice", {"admin", "", ""}, 0, "ok", rule},
          {"not the role",
           request("DELETE", "/api/alice/x", {sent}),
           "alice",
           {"user", "", ""},
           403,
           "condition not met",
           rule},
          {"not the user",
           request("DELETE", "/api/bob/x", {sent}),
           "alice",
           {"admin", "", ""},
           403,
           "another user",
           rule},
          {"neither", request("DELETE", "/api/bob/x", {sent}), "alice", {}, 403, "another user", rule},
          {"another method",
           request("GET", "/api/alice/x", {sent}),
           "alice",
           {},
           0,
           "ok",
           "/api/{user_id}/**"},
          {"an override header chooses nothing",
           request("POST", "/api/alice/x", {sent, "X-HTTP-Method-Override: DELETE"}),
           "alice",
           {},
           0,
           "ok",
           "/api/{user_id}/**"},
      });
}

TEST_CASE("an optional path takes no credentials or good ones") {
  Court court{policy_of({{RuleKind::optional, "/feed/**"}})};
  const Verdict anonymous = court.judge(request("GET", "/feed"), "alice");
  CHECK(anonymous.forward());
  CHECK(anonymous.uid.empty());
  CHECK(anonymous.reason == "optional");
  const Verdict known = court.judge(request("GET", "/feed", {sent}), "alice");
  CHECK(known.forward());
  CHECK(known.uid.view() == "alice");
  for (const std::vector<std::string>& bad : std::vector<std::vector<std::string>>{
           {"Authorization: Basic eA=="}, {sent, sent}, {"Authorization: Bearer"}}) {
    CHECK(court.judge(request("GET", "/feed", bad), "alice").answer == Answer::unauthenticated);
  }
  const Verdict large = court.judge(request("POST", "/feed", {"Content-Length: 1001"}), "alice");
  CHECK(large.answer == Answer::content_too_large);
  Scene scene(policy_of({{RuleKind::optional, "/feed/**"}}));
  CHECK(scene.judge(request("GET", "/feed", {"Authorization: Bearer a.b.c"})).answer ==
        Answer::token_invalid);
}

TEST_CASE("an override opens other users' paths to read, to those who have the claim") {
  const std::string_view rule = "/api/{user_id}/**";
  const std::vector<std::string> upgrade = {
      sent, "Connection: Upgrade", "Upgrade: websocket",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13"};
  check_all(policy_of({{RuleKind::user, rule}, {RuleKind::user, "/org/{user_id} org=o1"}},
                      {"role=admin", "DELETE role=root"}),
            {
                {"an admin reads",
                 request("GET", "/api/bob/x", {sent}),
                 "alice",
                 {"admin", "", ""},
                 0,
                 "override",
                 rule},
                {"or asks for the head",
                 request("HEAD", "/api/bob/x", {sent}),
                 "alice",
                 {"user,admin", "", ""},
                 0,
                 "override",
                 rule},
                {"the own path is no override",
                 request("GET", "/api/alice/x", {sent}),
                 "alice",
                 {"admin", "", ""},
                 0,
                 "ok",
                 rule},
                {"an admin does not write",
                 request("POST", "/api/bob/x", {sent}),
                 "alice",
                 {"admin", "", ""},
                 403,
                 "another user",
                 rule},
                {"nor delete",
                 request("DELETE", "/api/bob/x", {sent}),
                 "alice",
                 {"admin", "", ""},
                 403,
                 "another user",
                 rule},
                {"root does",
                 request("DELETE", "/api/bob/x", {sent}),
                 "alice",
                 {"root", "", ""},
                 0,
                 "override",
                 rule},
                {"but does not read",
                 request("GET", "/api/bob/x", {sent}),
                 "alice",
                 {"root", "", ""},
                 403,
                 "another user",
                 rule},
                {"nobody else",
                 request("GET", "/api/bob/x", {sent}),
                 "alice",
                 {"user", "", ""},
                 403,
                 "another user",
                 rule},
                {"never a websocket",
                 request("GET", "/api/bob/x", upgrade),
                 "alice",
                 {"admin", "", ""},
                 403,
                 "another user",
                 rule},
                {"the conditions hold all the same",
                 request("GET", "/org/bob", {sent}),
                 "alice",
                 {"admin", "", ""},
                 403,
                 "condition not met",
                 "/org/{user_id} org=o1"},
                {"and where they do",
                 request("GET", "/org/bob", {sent}),
                 "alice",
                 {"admin", "o1", ""},
                 0,
                 "override",
                 "/org/{user_id} org=o1"},
            });
}

TEST_CASE("a preflight passes where some rule names the path, whatever its methods") {
  Court court{policy_of({{RuleKind::any_token, "DELETE /a role=x"}})};
  const std::vector<std::string> asks = {"Origin: https://app.test", "Access-Control-Request-Method: DELETE"};
  const Verdict verdict = court.judge(request("OPTIONS", "/a", asks), "alice");
  CHECK(verdict.preflight);
  CHECK(verdict.forward());
  REQUIRE(verdict.rule != nullptr);
  CHECK(verdict.rule->text == "DELETE /a role=x");
  CHECK(court.judge(request("OPTIONS", "/a"), "alice").answer == Answer::unauthenticated);
  CHECK(court.judge(request("OPTIONS", "/b", asks), "alice").answer == Answer::unauthenticated);
}
