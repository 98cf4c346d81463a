// The whole decision: it is the one that the second opinion comes to, and what is forwarded is the head that
// was judged, with the identity that was verified. The first byte chooses the token that stands for "TOKEN"
// in the input.

#include "gate/judge.hpp"

#include <array>
#include <memory>
#include <string>

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
    {"/api/{user_id}/**", 'u'}, {"/m/{user_id}/tree/{leaf}", 'u'},
    {"/api/v2/info", 't'},      {"/m/{any}/tree/**", 't'},
    {"/api/{any}/help", 'p'},   {"/public/**", 'p'},
    {"/m/{any}/note", 'o'},     {"/public/**", 't', {"POST", "PUT"}}};

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

gate::Policy make_policy() {
  std::vector<route::Rule> rules;
  for (const fuzz::KnownRule& rule : known_rules) {
    std::string text;
    for (const std::string& method : rule.methods) text += (text.empty() ? "" : "|") + method;
    text += (text.empty() ? "" : " ") + rule.path;
    rules.push_back(std::get<route::Rule>(route::parse_rule(text, kind_of(rule.kind))));
  }
  gate::Policy policy;
  policy.max_body_bytes = 1000;
  policy.rules = route::RuleTable(std::move(rules));
  policy.websocket_token = gate::WebSocketToken::subprotocol;
  return policy;
}

const gate::Policy& policy() {
  static const gate::Policy one = make_policy();
  return one;
}

token::Verifier& verifier() {
  static token::Verifier one(std::make_shared<const token::SharedSecrets>(std::vector<std::string>{secret}),
                             {});
  return one;
}

std::string_view token_number(std::uint8_t number) {
  static const std::array<std::string, 4> tokens = {
      token::sign_hs256(R"({"uid":"alice","exp":1767226000,"iat":1767225500})", secret),
      token::sign_hs256(R"({"uid":"bob","exp":1767226000})", secret),
      token::sign_hs256(R"({"uid":"alice","exp":1767220000})", secret),
      token::sign_hs256(R"({"uid":"alice","exp":1767226000})", "another-secret-0123456789abcdef-0123")};
  return tokens[number % tokens.size()];
}

const fuzz::World& world() {
  static const fuzz::World one = {known_rules,
                                  {{std::string(token_number(0)), {"alice"}},
                                   {std::string(token_number(1)), {"bob"}},
                                   {std::string(token_number(2)), {"alice", true}}},
                                  policy().max_body_bytes,
                                  true};
  return one;
}

void check_opinion(std::string_view head, const gate::Verdict& verdict) {
  const fuzz::Opinion opinion = fuzz::second_opinion(head, world());
  const std::string_view detail = verdict.answer == gate::Answer::unauthenticated ? "missing"
                                  : verdict.answer == gate::Answer::token_expired ? "expired"
                                  : verdict.answer == gate::Answer::token_invalid ? "invalid"
                                                                                  : "";
  require(opinion.status == (verdict.forward() ? 200U : gate::status_of(verdict.answer)),
          "both opinions give the same answer");
  require(opinion.detail == detail, "for the same reason");
  if (!verdict.forward()) return;
  require(opinion.uid == verdict.uid.view(), "with the same identity");
  require(opinion.rule == verdict.rule->pattern, "by the same rule");
}

void check_forwarded(const http::RequestHead& head, const gate::Verdict& verdict, const route::Target& target,
                     std::uint8_t number) {
  const bool anonymous = verdict.rule->kind == route::RuleKind::optional && verdict.reason == "optional";
  const bool open = verdict.rule->kind == route::RuleKind::open || verdict.preflight || anonymous;
  require(open == verdict.uid.empty(), "identity where a rule asks for it, and nowhere else");
  require(open || number % 4 < 2, "only a good token is let through");
  require(open || verdict.uid.view() == (number % 4 == 0 ? "alice" : "bob"), "the uid is the token's");
  if (verdict.rule->kind == route::RuleKind::user && !verdict.preflight) {
    require(policy().rules.find(head.method, target.segments()).user_id == verdict.uid.view(),
            "the path is the user's");
  }
  http::UpstreamRequest request;
  request.target = target.origin_form();
  request.authority = target.authority().empty() ? head.host : target.authority();
  request.identity_header = "X-User-Id";
  request.uid = verdict.uid.view();
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
  unsigned identities = 0;
  for (const auto& field : again.fields) {
    require(!http::equal_when_folded(field.name, "X-Postern-Identity"), "nobody signs in the gate's name");
    if (!http::equal_when_folded(field.name, "X-User-Id")) continue;
    ++identities;
    require(field.value == verdict.uid.view(), "the identity is the verified one");
  }
  require(identities == (verdict.uid.empty() ? 0U : 1U), "one identity, or none");
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
