// The invariant against what real backends did with raw targets: no handler runs with a user_id that differs
// from the verified uid.

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>

#include "../../attack/targets/read_targets.hpp"
#include "scene.hpp"

using namespace postern::gate;
using namespace postern::gate::test;
using postern::attack::read_targets;
using postern::attack::TargetRow;
using postern::route::RuleKind;

namespace {

// One rule for each route of the measured application.
Policy measured_policy() {
  Policy policy;
  policy.rules = rules_from({{RuleKind::user, "/api/{user_id}/**"},
                             {RuleKind::user, "/api/v2/{user_id}/notes"},
                             {RuleKind::user, "/m/{user_id}/**"},
                             {RuleKind::user, "/svc/{user_id}/items/{item_id}"},
                             {RuleKind::open, "/public/**"},
                             {RuleKind::open, "/health"}});
  return policy;
}

// The raw bytes as the target of an otherwise plain head: judge() must hold without the parser's help, too.
Verdict judge_raw(Scene& scene, std::string_view raw, std::string_view authorization) {
  scene.head.clear();
  scene.head.method = "GET";
  scene.head.target = raw;
  scene.head.host = "gate.test";
  scene.head.fields = {{"Host", "gate.test"}, {"Authorization", authorization}};
  return scene.judge_head();
}

bool served_to_another(const TargetRow& row, std::string_view uid) {
  return std::any_of(row.served.begin(), row.served.end(),
                     [uid](const std::string& user) { return user != uid; });
}

// Everybody that any backend or the gate ever took a segment for, as far as a token can name them.
std::set<std::string> everybody(const std::vector<TargetRow>& rows) {
  std::set<std::string> uids{"alice", "bob"};
  for (const TargetRow& row : rows) {
    uids.insert(row.served.begin(), row.served.end());
    uids.insert(row.segments.begin(), row.segments.end());
  }
  std::erase_if(uids, [](const std::string& uid) { return !postern::token::Uid::from(uid).has_value(); });
  return uids;
}

}  // namespace

TEST_CASE("no token of anybody opens a measured target that a backend serves as another user") {
  const auto rows = read_targets();
  const auto uids = everybody(rows);
  REQUIRE(uids.size() > 30);
  Scene scene(measured_policy());
  std::size_t forwarded = 0;
  for (const std::string& uid : uids) {
    const std::string authorization = "Bearer " + token_of(uid);
    for (const TargetRow& row : rows) {
      const Verdict verdict = judge_raw(scene, row.raw, authorization);
      if (!verdict.forward()) continue;
      ++forwarded;
      CAPTURE(row.line);
      CAPTURE(uid);
      CHECK_FALSE(served_to_another(row, uid));
      CHECK((verdict.uid.empty() || verdict.uid.view() == uid));
      CHECK(scene.target.origin_form() == row.origin_form);
    }
  }
  CHECK(forwarded > 100);
}

TEST_CASE("alice's token is answered as the contract says on every measured target") {
  const std::string authorization = "Bearer " + token_of("alice");
  Scene scene(measured_policy());
  for (const TargetRow& row : read_targets()) {
    CAPTURE(row.line);
    const Verdict verdict = judge_raw(scene, row.raw, authorization);
    if (row.outcome != "ok") {
      CHECK(verdict.answer == Answer::bad_request);
      CHECK(verdict.step == Step::target);
      CHECK(verdict.reason == row.outcome);
      CHECK(verdict.must_close);
      continue;
    }
    if (served_to_another(row, "alice")) CHECK(verdict.answer == Answer::forbidden);
    if (!row.served.empty() && !served_to_another(row, "alice")) CHECK(verdict.forward());
  }
}

TEST_CASE("nobody without a token reaches a handler that takes a user_id") {
  Scene scene(measured_policy());
  for (const TargetRow& row : read_targets()) {
    CAPTURE(row.line);
    const Verdict verdict = scene.judge(request("GET", row.raw));
    if (!row.served.empty()) CHECK_FALSE(verdict.forward());
    if (verdict.forward()) CHECK(verdict.rule->kind == RuleKind::open);
  }
}

TEST_CASE("what the parser lets through is judged as the raw target is") {
  const std::string authorization = "Bearer " + token_of("alice");
  Scene whole(measured_policy());
  Scene raw(measured_policy());
  for (const TargetRow& row : read_targets()) {
    CAPTURE(row.line);
    const Verdict verdict = whole.judge(request("GET", row.raw, {"Authorization: " + authorization}));
    const Verdict direct = judge_raw(raw, row.raw, authorization);
    if (verdict.step == Step::head) {
      CHECK_FALSE(verdict.forward());
      CHECK_FALSE(direct.forward());
      continue;
    }
    CHECK(verdict.answer == direct.answer);
    CHECK(verdict.reason == direct.reason);
  }
}

TEST_CASE("an absolute-form authority is a host or the request is refused") {
  struct Row {
    std::string_view raw;
    bool forward;
  };
  const Row rows[] = {
      {"http://host/api/alice", true},          {"https://[::1]:8443/api/alice", true},
      {"http://[::1/api/alice", false},         {"http://host:99999/api/alice", false},
      {"http://ho%73t/api/alice", false},       {"http://host,other/api/alice", false},
      {"http://user:pw@host/api/alice", false}, {"http:///api/alice", false},
      {"http://:80/api/alice", false},
  };
  const std::string authorization = "Bearer " + token_of("alice");
  Scene scene;
  for (const Row& row : rows) {
    CAPTURE(row.raw);
    const Verdict verdict = judge_raw(scene, row.raw, authorization);
    CHECK(verdict.forward() == row.forward);
    if (!row.forward) CHECK(verdict.reason == "malformed authority");
  }
}
