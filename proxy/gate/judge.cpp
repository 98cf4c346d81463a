#include "gate/judge.hpp"

#include <algorithm>

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

// Preflights and public rules. A path that no rule matches is never admitted here.
bool needs_no_token(const http::RequestHead& head, const Policy& policy, Verdict& verdict) noexcept {
  if (verdict.rule == nullptr) return false;
  if (policy.forward_preflight && is_preflight(head)) {
    verdict.preflight = true;
    admit(verdict, Step::rule, "preflight");
    return true;
  }
  if (verdict.rule->kind != route::RuleKind::open) return false;
  admit(verdict, Step::rule, "public");
  return true;
}

// Whether a key could still turn up for that token.
bool lacks_key(const token::Verification& verification, const Circumstances& circumstances) noexcept {
  if (verification.fault == token::TokenFault::no_key_set) return true;
  return verification.fault == token::TokenFault::unknown_key && verification.wanted.fetchable &&
         !circumstances.fetched;
}

bool has_valid_token(const Credentials& credentials, token::Verifier& verifier, std::int64_t now,
                     const Circumstances& circumstances, Verdict& verdict) {
  if (credentials.fault != CredentialFault::none) {
    return refuse(verdict, Step::credentials, Answer::unauthenticated, text_of(credentials.fault));
  }
  const token::Verification verification = verifier.verify(credentials.token, now, circumstances.certificate);
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

bool may_use_path(const route::Match& match, Verdict& verdict) noexcept {
  if (match.rule == nullptr) return refuse(verdict, Step::route, Answer::not_found, "no rule");
  if (match.rule->kind == route::RuleKind::user && match.user_id != verdict.uid.view()) {
    return refuse(verdict, Step::owner, Answer::forbidden, "another user");
  }
  admit(verdict, Step::forward, "ok");
  return true;
}

// Asked last, so that nobody without a right to the path learns the limit.
void check_size(const http::RequestHead& head, const Policy& policy, Verdict& verdict) noexcept {
  if (head.framing != http::Framing::content_length || head.content_length <= policy.max_body_bytes) return;
  verdict.must_close = true;
  refuse(verdict, Step::forward, Answer::content_too_large, "content too large");
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
    case Step::forward:
      return "forward";
  }
  return "unknown";
}

Verdict judge(const http::RequestHead& head, const Policy& policy, token::Verifier& verifier,
              std::int64_t now, route::Target& target, const Circumstances& circumstances) {
  Verdict verdict;
  if (!has_one_meaning(head, target, verdict)) return verdict;
  const route::Match match = policy.rules.find(target.segments());
  verdict.rule = match.rule;
  const Credentials credentials = find_credentials(head, policy.websocket_token);
  verdict.bearer_subprotocol = credentials.bearer_subprotocol;
  if (!needs_no_token(head, policy, verdict)) {
    if (!has_valid_token(credentials, verifier, now, circumstances, verdict)) return verdict;
    if (!may_use_path(match, verdict)) return verdict;
  }
  check_size(head, policy, verdict);
  return verdict;
}

Verdict refuse_head(unsigned status, std::string_view reason) noexcept {
  Verdict verdict;
  verdict.must_close = true;
  refuse(verdict, Step::head, answer_for_status(status), reason);
  return verdict;
}

}  // namespace postern::gate
