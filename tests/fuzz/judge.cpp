// The whole decision: it is the one that the second opinion comes to, and what is forwarded is the head that
// was judged, with the identity that was verified. The first byte chooses the token that stands for "TOKEN"
// in the input.

#include "gate/judge.hpp"

#include <memory>
#include <string>
#include <vector>

#include "gate/claim_fields.hpp"
#include "http/forward_request.hpp"
#include "http/message_parser.hpp"
#include "require.hpp"
#include "second_opinion.hpp"
#include "token/sign.hpp"

using namespace postern;
using fuzz::require;

namespace {

const std::string secret = "fuzzing-secret-0123456789abcdef-0123";
constexpr std::int64_t now = 1'767'225'600;

const std::vector<fuzz::KnownRule> known_rules = {
    {"/api/{user_id}/**", 'u'},
    {"/m/{user_id}/tree/{leaf}", 'u'},
    {"/api/v2/info", 't'},
    {"/m/{any}/tree/**", 't'},
    {"/api/{any}/help", 'p'},
    {"/public/**", 'p'},
    {"/m/{any}/note", 'o'},
    {"/public/**", 't', {"POST", "PUT"}},
    {"/api/{user_id}/**", 'u', {"DELETE"}, {"role=owner"}},
    {"/o/{org}/**", 't', {}, {"{org}=orgs"}},
    {"/o/{org}/set", 't', {"POST"}, {"{org}=orgs", "role=admin"}},
    {"/paid", 't', {}, {"plan=pro"}},
    {"/paid", 't', {}, {"trial=true"}},
    {"/t/{user_id}/{org}", 'u', {"GET", "HEAD"}, {"{org}=orgs"}}};
const std::vector<fuzz::KnownOverride> known_overrides = {{{"GET", "HEAD"}, "role=support"},
                                                          {{"PUT"}, "role=admin"}};

// The tokens, what is known of each, and what X-User-Role says of it.
struct Sample {
  std::string claims;
  bool good;  // for the gate's secret
  fuzz::KnownToken known;
  std::string role;
};
const std::vector<Sample> samples = {
    {R"("uid":"alice","exp":1767226000,"iat":1767225500)", true, {"alice"}, ""},
    {R"("uid":"bob","exp":1767226000)", true, {"bob"}, ""},
    {R"("uid":"alice","exp":1767220000)", true, {"alice", true}, ""},
    {R"("uid":"alice","exp":1767226000)", false, {}, ""},
    {R"("uid":"alice","exp":1767226000,"role":"user,admin","orgs":["o1","O2",7],"plan":"Pro","trial":true)",
     true,
     {"alice", false, {"role=user", "role=admin", "trial=true"}, {"orgs:o1", "orgs:O2", "orgs:7"}},
     "user,admin"},
    {R"("uid":"bob","exp":1767226000,"role":["support","x"],"orgs":"o1","plan":"pro")",
     true,
     {"bob", false, {"role=support", "plan=pro"}, {"orgs:o1"}},
     "support,x"},
    {R"("uid":"alice","exp":1767226000,"role":"own\u0065r","orgs":7,"plan":["a","pro"],"trial":1)",
     true,
     {"alice", false, {"role=owner", "plan=pro"}, {"orgs:7"}},
     "owner"},
    {R"("uid":"carol","exp":1767226000,"role":"admin support","orgs":[["o1"]],"trial":"true ","plan":null)",
     true,
     {"carol"},
     "admin support"}};

route::RuleKind kind_of(char kind) {
  switch (kind) {
    case 'u':
      return route::RuleKind::user;
    case 't':
      return route::RuleKind::any_token;
    case 'o':
      return route::RuleKind::optional;
    default:
      return route::RuleKind::open;
  }
}

struct Setup {
  gate::Policy policy;
  token::ClaimsPolicy claims;
};

std::string joined(const std::vector<std::string>& parts, const char* separator) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : separator) + part;
  return text;
}

Setup make_setup() {
  std::vector<route::Rule> rules;
  for (const fuzz::KnownRule& rule : known_rules) {
    std::vector<std::string> words;
    if (!rule.methods.empty()) words.push_back(joined(rule.methods, "|"));
    words.push_back(rule.path);
    words.insert(words.end(), rule.conditions.begin(), rule.conditions.end());
    rules.push_back(std::get<route::Rule>(route::parse_rule(joined(words, " "), kind_of(rule.kind))));
  }
  Setup setup;
  for (const fuzz::KnownOverride& one : known_overrides) {
    const std::string text = joined(one.methods, "|") + " " + one.condition;
    setup.policy.overrides.push_back(std::get<route::Override>(route::parse_override(text)));
  }
  setup.policy.claim_headers = {{"X-User-Role", "role"}};
  setup.claims.kept_claims = route::keep_claims(rules, setup.policy.overrides, setup.policy.claim_headers);
  setup.policy.max_body_bytes = 1000;
  setup.policy.rules = route::RuleTable(std::move(rules));
  setup.policy.websocket_token = gate::WebSocketToken::subprotocol;
  return setup;
}

const Setup& setup() {
  static const Setup one = make_setup();
  return one;
}

const gate::Policy& policy() {
  return setup().policy;
}

token::Verifier& verifier() {
  static token::Verifier one(std::make_shared<const token::SharedSecrets>(std::vector<std::string>{secret}),
                             setup().claims);
  return one;
}

const Sample& sample(std::uint8_t number) {
  return samples[number % samples.size()];
}

const std::string& token_number(std::uint8_t number) {
  static const std::vector<std::string> tokens = [] {
    std::vector<std::string> made;
    for (const Sample& one : samples) {
      made.push_back(token::sign_hs256("{" + one.claims + "}",
                                       one.good ? secret : "another-secret-0123456789abcdef-0123"));
    }
    return made;
  }();
  return tokens[number % tokens.size()];
}

const fuzz::World& world() {
  static const fuzz::World one = [] {
    fuzz::World made{known_rules, known_overrides, {}, policy().max_body_bytes, true};
    for (std::uint8_t number = 0; number < samples.size(); ++number) {
      if (sample(number).good) made.tokens.emplace(token_number(number), sample(number).known);
    }
    return made;
  }();
  return one;
}

void check_opinion(std::string_view head, const gate::Verdict& verdict) {
  const fuzz::Opinion opinion = fuzz::second_opinion(head, world());
  const std::string_view detail = verdict.answer == gate::Answer::unauthenticated      ? "missing"
                                  : verdict.answer == gate::Answer::token_expired      ? "expired"
                                  : verdict.answer == gate::Answer::token_invalid      ? "invalid"
                                  : verdict.answer == gate::Answer::insufficient_scope ? "condition"
                                                                                       : "";
  require(opinion.status == (verdict.forward() ? 200U : gate::status_of(verdict.answer)),
          "both opinions give the same answer");
  require(opinion.detail == detail, "for the same reason");
  if (!verdict.forward()) return;
  require(opinion.uid == verdict.uid.view(), "with the same identity");
  require(opinion.rule == verdict.rule->pattern, "by the same rule");
  require(opinion.overridden == verdict.overridden, "for another user's path or not");
}

void check_forwarded(const http::RequestHead& head, const gate::Verdict& verdict, const route::Target& target,
                     std::uint8_t number) {
  const bool anonymous = verdict.rule->kind == route::RuleKind::optional && verdict.reason == "optional";
  const bool open = verdict.rule->kind == route::RuleKind::open || verdict.preflight || anonymous;
  require(open == verdict.uid.empty(), "identity where a rule asks for it, and nowhere else");
  const Sample& sent = sample(number);
  require(open || (sent.good && !sent.known.expired), "only a good token is let through");
  require(open || verdict.uid.view() == sent.known.uid, "the uid is the token's");
  if (verdict.rule->kind == route::RuleKind::user && !verdict.preflight && !verdict.overridden) {
    require(policy().rules.find(head.method, target.segments()).user_id == verdict.uid.view(),
            "the path is the user's");
  }
  http::UpstreamRequest request;
  request.target = target.origin_form();
  request.authority = target.authority().empty() ? head.host : target.authority();
  request.identity_header = "X-User-Id";
  request.uid = verdict.uid.view();
  static const std::vector<std::string> claim_headers = {"X-User-Role"};
  std::string claim_fields;
  gate::append_claim_fields(claim_fields, policy().claim_headers, verdict.claims);
  request.claim_headers = claim_headers;
  request.claim_fields = claim_fields;
  request.overridden = verdict.overridden;
  request.peer_address = "192.0.2.1";
  request.request_id = "r";
  request.websocket = head.websocket_upgrade;
  request.strip_bearer_subprotocol = verdict.bearer_subprotocol;
  std::string out;
  http::write_request_head(out, head, request);

  // What the gate adds may be more lines than its own parser takes.
  if (head.fields.size() + 8 > http::max_field_lines) return;
  http::RequestParser parser(1 << 20);
  http::RequestHead again;
  require(parser.parse(out, again) == http::ParseState::complete, "what is sent upstream is a sound head");
  require(parser.head_size() == out.size(), "and one head only");
  require(again.method == head.method && again.target == target.origin_form(),
          "for the request that was judged");
  require(again.framing == head.framing && again.content_length == head.content_length, "with its framing");
  unsigned identities = 0, overrides = 0, roles = 0;
  for (const auto& field : again.fields) {
    require(!http::equal_when_folded(field.name, "X-Postern-Identity"), "nobody signs in the gate's name");
    if (http::equal_when_folded(field.name, "X-Postern-Override")) {
      ++overrides;
      require(field.value == "true", "the override is the gate's");
    }
    if (http::equal_when_folded(field.name, "X-User-Role")) {
      ++roles;
      require(field.value == sent.role, "the claim is the token's");
    }
    if (!http::equal_when_folded(field.name, "X-User-Id")) continue;
    ++identities;
    require(field.value == verdict.uid.view(), "the identity is the verified one");
  }
  require(identities == (verdict.uid.empty() ? 0U : 1U), "one identity, or none");
  require(overrides == (verdict.overridden ? 1U : 0U), "an override where there is one");
  require(roles == (verdict.uid.empty() || sent.role.empty() ? 0U : 1U), "verified claims, or none");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string text(fuzz::text_of(data + 1, size - 1));
  if (const auto at = text.find("TOKEN"); at != std::string::npos) text.replace(at, 5, token_number(data[0]));

  http::RequestParser parser(1 << 16);
  http::RequestHead head;
  if (parser.parse(text, head) != http::ParseState::complete) return 0;
  route::Target target;
  const auto verdict = gate::judge(head, policy(), verifier(), now, target);
  require(!verdict.reason.empty(), "every verdict has a reason");
  check_opinion(std::string_view(text).substr(0, parser.head_size()), verdict);
  if (verdict.forward()) {
    require(verdict.rule != nullptr, "nothing is forwarded without a rule");
    check_forwarded(head, verdict, target, data[0]);
  } else {
    require(gate::status_of(verdict.answer) >= 400, "a refusal has a status");
  }
  return 0;
}
