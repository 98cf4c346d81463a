#pragma once
// Why a request is refused or fails, and what to do about it, in sentences for whoever runs the gate: one
// table for `postern explain`, the status page and the page of symptoms in the documentation.

#include <cstdint>
#include <span>
#include <string_view>

namespace postern::observe {

// In the order of the table. Where several causes have one reason, the first is the general one.
enum class Cause : std::uint8_t {
  malformed_head,
  refused_method,
  oversized_head,
  slow_head,
  oversized_body,
  target_form,
  target_authority,
  encoded_slash,
  backslash,
  dot_segment,
  empty_segment,
  fragment,
  control_character,
  non_ascii,
  percent_encoding,
  utf8,
  no_token,
  cookie_only,
  two_tokens,
  other_scheme,
  malformed_credentials,
  token_in_quotes,
  token_with_space,
  scheme_twice,
  placeholder_sent,
  token_too_large,
  not_a_jwt,
  session_token,
  unfilled_placeholder,
  encrypted_token,
  not_base64url,
  padded_base64,
  token_header,
  other_algorithm,
  unsigned_token,
  key_pair_signed,
  secret_signed,
  other_type,
  critical_extension,
  key_of_other_algorithm,
  wrong_secret,
  secret_with_space,
  secret_in_quotes,
  secret_decoded,
  secret_encoded,
  secret_prefixed,
  default_secret,
  foreign_key_pair,
  token_payload,
  no_expiry,
  malformed_time,
  expired,
  lifetime_as_moment,
  not_yet_valid,
  clock_behind,
  issued_in_milliseconds,
  lifetime_too_long,
  expiry_in_milliseconds,
  wrong_issuer,
  no_issuer,
  issuer_almost,
  wrong_audience,
  no_audience,
  no_uid,
  sub_without_audience,
  other_better_auth_token,
  malformed_uid,
  subject_mismatch,
  id_token,
  client_token,
  bound_token,
  bound_to_certificate,
  revoked,
  expired_while_streaming,
  unknown_key,
  no_key_set,
  key_set_behind,
  no_rule,
  no_rule_for_method,
  another_user,
  other_case,
  placeholder_user,
  hidden_rule,
  condition_not_met,
  guessing,
  user_rate,
  connections,
  upstream_unreachable,
  upstream_name,
  upstream_closed,
  upstream_timeout,
  upstream_malformed,
  upstream_head_too_large,
  // What only many requests together show.
  secret_rotated,
  secret_never_right,
  clock_ahead,
  issuer_of_most,
  audience_of_most,
  nobody_sends_tokens,
  guessing_unlimited,
  key_set_stale,
  upstream_fails,
};

struct CauseText {
  Cause cause;
  std::string_view reason;  // in the log; empty: none, or one of many
  std::string_view text;    // without the full stop, so that what was found can follow
  std::string_view remedy;  // sentences
};

const CauseText& text_of(Cause cause) noexcept;

// The general cause behind a reason as the log names it.
Cause general_cause(std::string_view reason) noexcept;

std::span<const CauseText> all_causes() noexcept;

}  // namespace postern::observe
