#include "gate/judge.hpp"

#include <algorithm>

#include "gate/conditions.hpp"
#include "http/authority.hpp"
#include "http/field_policy.hpp"

namespace postern::gate {
namespace {

// The verdict so far, turned into a refusal. Returns false, so that a step can end with it.
bool refuse(Verdict& verdict, Step step, Answer answer, std::string_view reason) noexcept {
  verdict.answer = answer;
  verdict.step = step;
  verdict.reason = reason;
  return false;
}

void admit(Verdict& verdict, Step step, std::string_view reason) noexcept {
  verdict.answer = Answer::none;
  verdict.step = step;
  verdict.reason = reason;
}

bool has_one_meaning(const http::RequestHead& head, route::Target& target, Verdict& verdict) {
  auto fault = target.parse(head.target);
  if (fault == route::TargetFault::none && !target.authority().empty() &&
      !http::valid_authority(target.authority())) {
    fault = route::TargetFault::malformed_authority;
  }
  if (fault == route::TargetFault::none) return true;
  verdict.must_close = true;
  return refuse(verdict, Step::target, Answer::bad_request, route::text_of(fault));
}

// There once, and not taken away on the way: the service must see what was judged.
bool passes_once(const http::RequestHead& head, http::FieldName known, std::string_view name) noexcept {
  return !http::is_nominated(name, head.connection) &&
         std::count_if(head.fields.begin(), head.fields.end(),
                       [known](const http::Field& field) { return field.known == known; }) == 1;
}

bool has_no_body(const http::RequestHead& head) noexcept {
  return head.framing == http::Framing::none ||
         (head.framing == http::Framing::content_length && head.content_length == 0);
}

// Fetch 4.8: a browser sends it without credentials, before the request that carries them.
bool is_preflight(const http::RequestHead& head) noexcept {
  return head.method == "OPTIONS" && has_no_body(head) &&
         passes_once(head, http::FieldName::origin, "Origin") &&
         passes_once(head, http::FieldName::access_control_request_method, "Access-Control-Request-Method");
}

// Preflights, public rules, and optional ones without credentials. A path that no rule names is never
// admitted here.
bool needs_no_token(const http::RequestHead& head, const Policy& policy, const route::Target& target,
                    CredentialFault credentials, Verdict& verdict) noexcept {
  if (policy.forward_preflight && is_preflight(head)) {
    if (const route::Rule* const rule = policy.rules.find_path(target.segments()); rule != nullptr) {
      verdict.rule = rule;
      verdict.preflight = true;
      admit(verdict, Step::rule, "preflight");
      return true;
    }
  }
  if (verdict.rule == nullptr) return false;
  if (verdict.rule->kind == route::RuleKind::open) {
    admit(verdict, Step::rule, "public");
    return true;
  }
  if (verdict.rule->kind != route::RuleKind::optional || credentials != CredentialFault::missing)
    return false;
  admit(verdict, Step::rule, "optional");
  return true;
}

// Whether a key could still turn up for that token.
bool lacks_key(const token::Verification& verification, const Circumstances& circumstances) noexcept {
  if (verification.fault == token::TokenFault::no_key_set) return true;
  return verification.fault == token::TokenFault::unknown_key && verification.wanted.fetchable &&
         !circumstances.fetched;
}

bool is_valid(const token::Verification& verification, const Circumstances& circumstances, Verdict& verdict) {
  if (lacks_key(verification, circumstances)) {
    verdict.key_wanted = verification.wanted;
    return refuse(verdict, Step::token, Answer::key_unavailable, token::text_of(verification.fault));
  }
  if (verification.fault != token::TokenFault::none) {
    const bool expired = verification.fault == token::TokenFault::expired;
    return refuse(verdict, Step::token, expired ? Answer::token_expired : Answer::token_invalid,
                  token::text_of(verification.fault));
  }
  verdict.uid = verification.uid;
  verdict.expires_at = verification.expires_at;
  verdict.claims = verification.claims;
  verdict.revocable = verification.revocable;
  return true;
}

// A websocket lets its user write, so it is open to the owner alone.
bool is_overridden(const http::RequestHead& head, const Policy& policy, const Verdict& verdict) noexcept {
  return !head.websocket_upgrade &&
         std::any_of(policy.overrides.begin(), policy.overrides.end(), [&](const route::Override& one) {
           return std::find(one.methods.begin(), one.methods.end(), head.method) != one.methods.end() &&
                  holds(one.condition, verdict.claims, {});
         });
}

// By the rule that matched or an alternative, which the verdict then names. Alternatives compare the same
// segments, so the owner is the same for each.
bool meets_conditions(const http::RequestHead& head, const Policy& policy, const route::Target& target,
                      Verdict& verdict) noexcept {
  for (const route::Rule* rule = verdict.rule; rule != nullptr;
       rule = policy.rules.alternative(*rule, head.method)) {
    if (unmet_condition(*rule, verdict.claims, target.segments()) != nullptr) continue;
    verdict.rule = rule;
    return true;
  }
  return false;
}

bool may_use_path(const http::RequestHead& head, const Policy& policy, const route::Target& target,
                  std::string_view user_id, Verdict& verdict) noexcept {
  if (verdict.rule == nullptr) return refuse(verdict, Step::route, Answer::not_found, "no rule");
  if (verdict.rule->kind == route::RuleKind::user && user_id != verdict.uid.view()) {
    if (policy.overrides.empty() || !is_overridden(head, policy, verdict))
      return refuse(verdict, Step::owner, Answer::forbidden, "another user");
    verdict.overridden = true;
  }
  if (!verdict.rule->conditions.empty() && !meets_conditions(head, policy, target, verdict)) {
    verdict.overridden = false;
    return refuse(verdict, Step::condition, Answer::insufficient_scope, "condition not met");
  }
  admit(verdict, Step::forward, verdict.overridden ? "override" : "ok");
  return true;
}

// Asked last, so that nobody without a right to the path learns the limit.
void refuse_large_body(const http::RequestHead& head, const Policy& policy, Verdict& verdict) noexcept {
  if (head.framing != http::Framing::content_length || head.content_length <= policy.max_body_bytes) return;
  verdict.must_close = true;
  refuse(verdict, Step::forward, Answer::content_too_large, "content too large");
}

// Target, rule and credentials. Returns the token that is still to be verified; empty: the verdict stands.
std::string_view decide_without_token(const http::RequestHead& head, const Policy& policy,
                                      route::Target& target, std::string_view& user_id, Verdict& verdict) {
  if (!has_one_meaning(head, target, verdict)) return {};
  const route::Match match = policy.rules.find(head.method, target.segments());
  verdict.rule = match.rule;
  user_id = match.user_id;
  const Credentials credentials = locate_credentials(head, policy.websocket_token);
  verdict.bearer_subprotocol = credentials.bearer_subprotocol;
  if (needs_no_token(head, policy, target, credentials.fault, verdict)) {
    refuse_large_body(head, policy, verdict);
    return {};
  }
  if (credentials.fault == CredentialFault::none) return credentials.token;
  refuse(verdict, Step::credentials, Answer::unauthenticated, text_of(credentials.fault));
  return {};
}

void decide_with_token(const token::Verification& verification, const Circumstances& circumstances,
                       const http::RequestHead& head, const Policy& policy, const route::Target& target,
                       std::string_view user_id, Verdict& verdict) {
  if (!is_valid(verification, circumstances, verdict)) return;
  if (may_use_path(head, policy, target, user_id, verdict)) refuse_large_body(head, policy, verdict);
}

}  // namespace

std::string_view text_of(Step step) noexcept {
  switch (step) {
    case Step::head:
      return "head";
    case Step::target:
      return "target";
    case Step::rule:
      return "rule";
    case Step::credentials:
      return "credentials";
    case Step::token:
      return "token";
    case Step::route:
      return "route";
    case Step::owner:
      return "owner";
    case Step::condition:
      return "condition";
    case Step::forward:
      return "forward";
  }
  return "unknown";
}

Judged judge_head(const http::RequestHead& head, const Policy& policy, route::Target& target) {
  Judged judged;
  judged.token = decide_without_token(head, policy, target, judged.user_id, judged.verdict);
  return judged;
}

void judge_token(Judged& judged, const token::Verification& verification, const http::RequestHead& head,
                 const Policy& policy, const route::Target& target, const Circumstances& circumstances) {
  judged.token = {};
  decide_with_token(verification, circumstances, head, policy, target, judged.user_id, judged.verdict);
}

Verdict judge(const http::RequestHead& head, const Policy& policy, token::Verifier& verifier,
              std::int64_t now, route::Target& target, const Circumstances& circumstances) {
  Verdict verdict;
  std::string_view user_id;
  const std::string_view token = decide_without_token(head, policy, target, user_id, verdict);
  if (token.empty()) return verdict;
  token::Verification verification;
  if (!verifier.recall(token, now, circumstances.certificate, verification)) {
    if (!may_be_token(token, verdict)) return verdict;
    verification = verifier.verify_anew(token, now, circumstances.certificate);
  }
  decide_with_token(verification, circumstances, head, policy, target, user_id, verdict);
  return verdict;
}

bool may_be_token(std::string_view token, Verdict& verdict) noexcept {
  return is_b64token(token) ||
         refuse(verdict, Step::credentials, Answer::unauthenticated, text_of(CredentialFault::malformed));
}

void check_size(const http::RequestHead& head, const Policy& policy, Verdict& verdict) noexcept {
  refuse_large_body(head, policy, verdict);
}

Verdict refuse_rate(Verdict verdict, Step step, std::string_view reason) noexcept {
  refuse(verdict, step, Answer::too_many_requests, reason);
  return verdict;
}

Verdict refuse_head(unsigned status, std::string_view reason) noexcept {
  Verdict verdict;
  verdict.must_close = true;
  refuse(verdict, Step::head, answer_for_status(status), reason);
  return verdict;
}

}  // namespace postern::gate
