#include "explain/find_cause.hpp"

#include <algorithm>
#include <array>

#include "config/values/values.hpp"
#include "gate/conditions.hpp"
#include "observe/words.hpp"

namespace postern::explain {
namespace {

using observe::Cause;

constexpr std::array<std::string_view, 12> placeholders = {
    "undefined",       "null",    "none", "nan",       "true", "false", "token", "$token",
    "[object object]", "<token>", "jwt",  "your_token"};

bool is_placeholder(std::string_view text) {
  return std::ranges::find(placeholders, config::lower_case(text)) != placeholders.end();
}

bool has_cookie(const Subject& subject) {
  return subject.given.find("session_token=") != std::string_view::npos ||
         std::ranges::any_of(subject.head.fields, [](const http::Field& field) {
           return config::lower_case(field.name) == "cookie";
         });
}

bool starts_with_scheme(std::string_view token) {
  const std::string lower = config::lower_case(token.substr(0, 14));
  return lower.starts_with("bearer") || lower.starts_with("authorization:");
}

Diagnosis malformed_credentials(const Subject& subject) {
  const std::string_view given = config::trimmed(subject.given);
  if (has_cookie(subject)) return {Cause::cookie_only, ""};
  if (starts_with_scheme(given)) return {Cause::scheme_twice, ""};
  if (is_placeholder(given)) return {Cause::placeholder_sent, config::shown(given)};
  if (given.starts_with('"') || given.starts_with('\'')) return {Cause::token_in_quotes, ""};
  if (given.find_first_of(" \t\r\n") != given.npos) return {Cause::token_with_space, ""};
  return {Cause::malformed_credentials, ""};
}

// What looks like nothing of a head that is meant: the token broke it.
Diagnosis broken_head(const Subject& subject) {
  if (subject.given.find_first_of("\r\n") != std::string_view::npos) return {Cause::token_with_space, ""};
  return {observe::general_cause(subject.verdict.reason), std::string(subject.verdict.reason)};
}

Diagnosis not_three_parts(const Subject& subject) {
  const std::size_t parts = subject.token.parts.size();
  if (is_placeholder(subject.given)) return {Cause::unfilled_placeholder, config::shown(subject.given)};
  if (starts_with_scheme(subject.given)) return {Cause::scheme_twice, ""};
  if (parts == 2) return {Cause::session_token, "it has one dot"};
  if (parts == 5) return {Cause::encrypted_token, ""};
  const auto algorithm = member(subject.token.header, "alg");
  if (const auto text = text_of(algorithm); text && config::lower_case(*text) == "none") {
    return {Cause::unsigned_token, ""};
  }
  return {Cause::not_a_jwt, parts == 1 ? "it has no dot" : "it has " + observe::count(parts, "part")};
}

Diagnosis no_rule(const Subject& subject) {
  const route::Rule* const other = subject.policy.rules.find_path(subject.target.segments());
  if (other == nullptr) return {Cause::no_rule, ""};
  std::string detail = config::shown(subject.method) + " is not what '" + other->text + "' is for";
  if (other->almost_covers_method(subject.method)) detail += "; names of methods are case-sensitive";
  return {Cause::no_rule_for_method, detail};
}

bool is_unfilled(std::string_view segment) {
  constexpr std::array<std::string_view, 5> stand_ins = {"me", "self", "current", "user_id", "userid"};
  return is_placeholder(segment) || segment.find_first_of("{}<>$@") != segment.npos ||
         segment.starts_with(':') ||
         std::ranges::find(stand_ins, config::lower_case(segment)) != stand_ins.end();
}

// A rule of another kind that matches too, but is more general than the one that counts.
const route::Rule* hidden_rule(const Subject& subject) {
  for (const route::Rule& rule : subject.policy.rules.rules()) {
    if (rule.kind != route::RuleKind::user && route::matches_path(rule, subject.target.segments()) &&
        (rule.methods.empty() || rule.covers_method(subject.method))) {
      return &rule;
    }
  }
  return nullptr;
}

Diagnosis another_user(const Subject& subject) {
  const auto match = subject.policy.rules.find(subject.method, subject.target.segments());
  const std::string_view path_user = match.user_id, uid = subject.verdict.uid.view();
  const std::string both = "the path has " + config::shown(path_user) + ", the token " + config::shown(uid);
  if (config::lower_case(path_user) == config::lower_case(uid)) return {Cause::other_case, both};
  if (const route::Rule* const hidden = hidden_rule(subject)) {
    return {Cause::hidden_rule, "'" + match.rule->text + "' hides the " +
                                    std::string(route::text_of(hidden->kind)) + " path '" + hidden->text +
                                    "', so " + config::shown(path_user) + " is taken for a user and is not " +
                                    config::shown(uid)};
  }
  if (is_unfilled(path_user)) return {Cause::placeholder_user, both};
  return {Cause::another_user, both};
}

Diagnosis condition_not_met(const Subject& subject) {
  if (subject.verdict.rule == nullptr) return {Cause::condition_not_met, ""};
  const route::Condition* const unmet =
      gate::unmet_condition(*subject.verdict.rule, subject.verdict.claims, subject.target.segments());
  if (unmet == nullptr) return {Cause::condition_not_met, ""};
  return {Cause::condition_not_met, "expected " + unmet->text + ", found " + unmet->claim + " " +
                                        shown(member(subject.token.payload, unmet->claim))};
}

}  // namespace

std::string distance(std::int64_t moment, std::int64_t now) {
  std::int64_t ahead = 0;
  if (__builtin_sub_overflow(moment, now, &ahead)) return moment > now ? "in ages" : "ages ago";
  return ahead > 0 ? "in " + observe::span_of(ahead) : observe::span_of(-ahead) + " ago";
}

Diagnosis find_cause(const Subject& subject) {
  const Cause general = observe::general_cause(subject.verdict.reason);
  if (subject.verdict.step == gate::Step::head) return broken_head(subject);
  switch (general) {
    case Cause::no_token:
      return {has_cookie(subject) ? Cause::cookie_only : general, ""};
    case Cause::malformed_credentials:
      return malformed_credentials(subject);
    case Cause::not_a_jwt:
      return not_three_parts(subject);
    case Cause::no_rule:
      return no_rule(subject);
    case Cause::another_user:
      return another_user(subject);
    case Cause::condition_not_met:
      return condition_not_met(subject);
    default:
      return find_token_cause(subject, general);
  }
}

}  // namespace postern::explain
