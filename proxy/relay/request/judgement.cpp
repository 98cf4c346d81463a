#include "relay/request/judgement.hpp"

#include "gate/claim_fields.hpp"
#include "gate/shadow.hpp"

namespace postern::relay {
namespace {

// Missing and expired tokens are what honest clients come with. Those that lack a key are counted once that
// is known not to come.
bool is_failure(token::TokenFault fault) noexcept {
  return fault != token::TokenFault::none && fault != token::TokenFault::expired && !token::wants_key(fault);
}

// A unix peer without a forwarded address is shown as 127.0.0.1, and is nobody in particular.
std::optional<gate::Rates::Address> counted_address(const Settings& settings, std::string_view client) {
  if (std::holds_alternative<config::UnixEndpoint>(settings.listen) && client == "127.0.0.1")
    return std::nullopt;
  return gate::parse_address(client);
}

// Of a token that this thread does not remember: step 4b, then the signature.
Judgement verify_anew(RelayContext& context, gate::Judged& judged, std::string_view client,
                      std::int64_t unix_seconds, std::chrono::nanoseconds steady,
                      const token::ClientCertificate& certificate, token::Verification& verification) {
  Judgement judgement;
  std::optional<gate::Rates::Address> from;
  gate::Rates& rates = context.rates();
  if (rates.limits_failures()) from = counted_address(context.settings, client);
  if (from) {
    const gate::RateOutcome allowed = rates.look_at(*from, judged.token, steady);
    if (!allowed.allowed) {
      judged.verdict = gate::refuse_rate(judged.verdict, gate::Step::credentials, "too many bad tokens");
      judgement.retry_after = allowed.retry_after;
      return judgement;
    }
  }
  verification = context.keys.verifier.verify_anew(judged.token, unix_seconds, certificate);
  if (verification.fault == token::TokenFault::none) {
    rates.note_verified(judged.token);
    context.metrics.set_token_cache_entries(context.keys.verifier.remembered());
  } else if (from && is_failure(verification.fault)) {
    rates.note_failure(*from, steady);
  }
  return judgement;
}

// Step 8.
void limit_user(RelayContext& context, std::uint64_t uid_hash, std::chrono::nanoseconds steady,
                Judgement& judgement) {
  gate::Verdict& verdict = judgement.verdict;
  if (!verdict.forward() || verdict.uid.empty()) return;
  const gate::RateOutcome outcome = context.rates().take(uid_hash, steady);
  if (outcome.allowed) return;
  verdict = gate::refuse_rate(verdict, gate::Step::forward, "too many requests");
  judgement.retry_after = outcome.retry_after;
  judgement.user_rate = &context.rates().user_fields();
}

}  // namespace

Judgement judge_request(RelayContext& context, RequestBuffers& buffers, std::string_view client,
                        std::int64_t unix_seconds, transport::Clock::time_point steady,
                        const gate::Circumstances& circumstances) {
  const gate::Policy& policy = context.settings.policy;
  const http::RequestHead& head = buffers.request;
  gate::Judged judged = gate::judge_head(head, policy, buffers.target);
  Judgement judgement;
  buffers.claim_fields.clear();
  if (!judged.token.empty()) {
    token::Verification verification;
    const bool remembered =
        context.keys.verifier.recall(judged.token, unix_seconds, circumstances.certificate, verification);
    context.metrics.count_token_cache(remembered);
    const auto since_origin = steady.time_since_epoch();
    if (!remembered && !gate::may_be_token(judged.token, judged.verdict)) return {judged.verdict};
    if (!remembered)
      judgement = verify_anew(context, judged, client, unix_seconds, since_origin, circumstances.certificate,
                              verification);
    if (judgement.retry_after == 0)
      gate::judge_token(judged, verification, head, policy, buffers.target, circumstances);
    judgement.verdict = judged.verdict;
    const bool key_is_unknown = token::wants_key(verification.fault) && !judgement.verdict.key_wanted;
    if (key_is_unknown) note_failed_token(context, client, steady);
    limit_user(context, verification.uid_hash, since_origin, judgement);
  } else {
    judgement.verdict = judged.verdict;
  }
  // The claims are views into the verifier's memory, which the next request may change.
  gate::append_claim_fields(buffers.claim_fields, policy.claim_headers, judgement.verdict.claims);
  judgement.verdict.claims = {};
  return judgement;
}

void note_failed_token(RelayContext& context, std::string_view client, transport::Clock::time_point steady) {
  if (!context.rates().limits_failures()) return;
  if (const auto from = counted_address(context.settings, client)) {
    context.rates().note_failure(*from, steady.time_since_epoch());
  }
}

void apply_shadow(RelayContext& context, RequestBuffers& buffers, std::int64_t unix_seconds,
                  Judgement& judgement) {
  if (judgement.verdict.forward() || !context.in_shadow(unix_seconds)) return;
  const gate::Verdict shadowed = gate::shadowed(judgement.verdict, buffers.request, context.settings.policy);
  if (shadowed.forward()) {
    buffers.claim_fields.clear();
    judgement = {};
  }
  judgement.verdict = shadowed;
}

}  // namespace postern::relay
