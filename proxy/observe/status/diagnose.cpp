#include "observe/status/diagnose.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "observe/causes.hpp"
#include "observe/words.hpp"

namespace postern::observe {
namespace {

// Lately is the last five minutes; before is up to half an hour before them.
constexpr std::size_t late_minutes = 5;
constexpr std::size_t minutes_before = 30;
// Fewer than these are nobody's pattern.
constexpr std::uint64_t few = 5;
constexpr std::uint64_t many_guesses = 50;
constexpr std::int64_t certificate_warning = 14LL * 86'400;

struct Window {
  std::uint64_t identified = 0;
  std::uint64_t forwarded = 0;
  std::uint64_t upstream_failures = 0;
  std::array<std::uint64_t, reason_count> refusals{};
  std::size_t minutes = 0;

  void add(const Minute& minute) {
    identified += minute.identified;
    forwarded += minute.verdicts[index_of(CountedVerdict::forward)];
    upstream_failures += minute.upstream_failures;
    for (std::size_t i = 0; i < reason_count; ++i) refusals[i] += minute.refusals[i];
    ++minutes;
  }
  [[nodiscard]] std::uint64_t of(std::string_view reason) const noexcept {
    return refusals[reason_index(reason)];
  }
  // Tokens that somebody may have made up: all faults but those that good tokens come to have.
  [[nodiscard]] std::uint64_t guesses() const noexcept {
    std::uint64_t sum = of("too many bad tokens");
    for (std::size_t i = 0; i < reason_count; ++i) {
      if (refusal_reasons[i].kind == ReasonKind::token) sum += refusals[i];
    }
    for (const std::string_view honest :
         {"expired", "not yet valid", "issued in the future", "lifetime too long", "revoked",
          "token expired while streaming", "token revoked while streaming", "wrong issuer", "wrong audience",
          "missing uid", "subject mismatch"}) {
      sum -= of(honest);
    }
    return sum;
  }
};

struct Facts {
  explicit Facts(const Status& given) : status(given) {
    const std::span<const Minute> all(given.minutes);
    const std::size_t late_count = std::min(all.size(), late_minutes);
    for (const Minute& minute : all.last(late_count)) late.add(minute);
    const auto rest = all.first(all.size() - late_count);
    for (const Minute& minute : rest.last(std::min(rest.size(), minutes_before))) before.add(minute);
  }

  // Verified users have become less than half of what they were.
  [[nodiscard]] bool users_vanished() const noexcept {
    return before.minutes != 0 && before.identified != 0 &&
           late.identified * before.minutes * 2 < before.identified * late.minutes;
  }

  const Status& status;
  Window late;
  Window before;
};

using Check = std::optional<Finding> (*)(const Facts&);

std::string remedy_of(Cause cause) {
  return std::string(text_of(cause).remedy);
}

std::optional<Finding> backend_down(const Facts& facts) {
  const UpstreamStatus& upstream = facts.status.upstream;
  if (upstream.state != UpstreamStatus::State::down) return std::nullopt;
  return Finding{Severity::error,
                 "The backend does not answer: " + upstream.address +
                     (upstream.problem.empty() ? "" : ", " + upstream.problem) + ".",
                 remedy_of(Cause::upstream_unreachable)};
}

std::optional<Finding> backend_fails(const Facts& facts) {
  if (facts.status.upstream.state == UpstreamStatus::State::down) return std::nullopt;
  if (facts.late.upstream_failures < few) return std::nullopt;
  return Finding{Severity::warning,
                 "The backend failed " + count(facts.late.upstream_failures, "request") +
                     " in the last minutes (502 or 504), though it can be reached.",
                 remedy_of(Cause::upstream_fails)};
}

std::optional<Finding> wrong_secret(const Facts& facts) {
  const std::uint64_t bad = facts.late.of("bad signature");
  if (bad < few || bad < facts.late.identified) return std::nullopt;
  if (facts.users_vanished()) {
    return Finding{Severity::error,
                   "Signatures that passed before fail now (" + count(bad, "token") +
                       " in the last minutes): the signing secret was changed at one side only.",
                   remedy_of(Cause::secret_rotated)};
  }
  if (facts.late.identified + facts.before.identified != 0 || bad * 10 < facts.late.guesses() * 9) {
    return std::nullopt;
  }
  return Finding{
      Severity::error,
      "No token has passed yet and " + count(bad, "token") +
          " had a bad signature: Postern's secret is probably not the one that Better Auth signs with.",
      remedy_of(Cause::secret_never_right)};
}

std::optional<Finding> attack(const Facts& facts) {
  const std::uint64_t stopped = facts.late.of("too many bad tokens");
  const std::uint64_t guesses = facts.late.guesses();
  if (stopped == 0 && (guesses < many_guesses || wrong_secret(facts))) return std::nullopt;
  return Finding{Severity::warning,
                 "Somebody is guessing tokens: " + count(guesses, "made-up token") + " in the last minutes" +
                     (stopped != 0 ? ", " + std::to_string(stopped) + " of them stopped by the rate" : "") +
                     ".",
                 remedy_of(stopped != 0 ? Cause::guessing : Cause::guessing_unlimited)};
}

std::optional<Finding> key_set_stale(const Facts& facts) {
  for (const KeySourceStatus& source : facts.status.keys) {
    if (!source.is_set || source.is_file) continue;
    const std::string which = source.issuer.empty() ? "The key set" : "The key set of " + source.issuer;
    const std::string why = source.problem.empty() ? "" : ": " + source.problem;
    const std::string remedy = source.name + ": " + remedy_of(Cause::key_set_stale);
    if (source.last_success == 0) {
      return Finding{Severity::error, which + " was never fetched" + why + ".", remedy};
    }
    const std::int64_t age = facts.status.now - source.last_success;
    const std::string last = "its last fetch went well " + span_of(age) + " ago" + why + ".";
    if (source.max_stale_seconds != 0 && age > source.max_stale_seconds) {
      return Finding{Severity::error, which + " is too old to be used, " + last, remedy};
    }
    if (source.refresh_seconds != 0 && age > 2 * source.refresh_seconds) {
      return Finding{Severity::warning, which + " is stale: " + last, remedy};
    }
  }
  return std::nullopt;
}

std::optional<Finding> clock_behind(const Facts& facts) {
  const std::uint64_t early = facts.late.of("not yet valid") + facts.late.of("issued in the future");
  if (early < few || early < facts.late.identified / 20) return std::nullopt;
  return Finding{Severity::error,
                 "Clocks differ: " + count(early, "token") +
                     " came from the future, so this machine's clock is behind Better Auth's.",
                 remedy_of(Cause::clock_behind)};
}

std::optional<Finding> clock_ahead(const Facts& facts) {
  const std::uint64_t late = facts.late.of("expired");
  if (late < few || !facts.users_vanished() || late < facts.late.identified) return std::nullopt;
  return Finding{
      Severity::error,
      "Nearly every token has expired (" + count(late, "token") +
          "): this machine's clock is ahead of Better Auth's, or clients no longer renew their tokens.",
      remedy_of(Cause::clock_ahead)};
}

std::optional<Finding> other_issuer(const Facts& facts) {
  const std::uint64_t issuer = facts.late.of("wrong issuer"), audience = facts.late.of("wrong audience");
  if (issuer + audience < few || issuer + audience < facts.late.identified) return std::nullopt;
  const bool by_issuer = issuer >= audience;
  return Finding{Severity::error,
                 std::string(by_issuer ? "The issuer" : "The audience") + " of most tokens (" +
                     count(issuer + audience, "token") + ") is another than the configured one.",
                 remedy_of(by_issuer ? Cause::issuer_of_most : Cause::audience_of_most)};
}

std::optional<Finding> no_credentials(const Facts& facts) {
  const std::uint64_t missing = facts.late.of("no credentials");
  if (missing < few || facts.late.identified + facts.before.identified != 0) return std::nullopt;
  return Finding{
      Severity::warning,
      "Nobody sends a token: " + count(missing, "request") + " came without credentials and none with.",
      remedy_of(Cause::nobody_sends_tokens)};
}

std::optional<Finding> reload_failed(const Facts& facts) {
  if (facts.status.reload_problem.empty()) return std::nullopt;
  return Finding{Severity::warning, "The last reload failed: " + facts.status.reload_problem + ".",
                 "The old keys and certificates stay in force; correct the file and send SIGHUP."};
}

std::optional<Finding> certificate_ends(const Facts& facts) {
  const std::int64_t not_after = facts.status.certificate_not_after;
  if (not_after == 0 || not_after - facts.status.now > certificate_warning) return std::nullopt;
  if (not_after <= facts.status.now) {
    return Finding{Severity::error, "The certificate has expired.",
                   "Replace POSTERN_TLS_CERT; it is read at once."};
  }
  return Finding{Severity::warning, "The certificate ends in " + span_of(not_after - facts.status.now) + ".",
                 "Replace POSTERN_TLS_CERT; it is read at once."};
}

std::optional<Finding> shadow_mode(const Facts& facts) {
  if (facts.status.shadow_until <= facts.status.now) return std::nullopt;
  return Finding{Severity::warning,
                 "Shadow mode: what would be refused is forwarded without identity, for another " +
                     span_of(facts.status.shadow_until - facts.status.now) + ".",
                 "Unset POSTERN_SHADOW_UNTIL to shut the gate before that."};
}

std::optional<Finding> log_unread(const Facts& facts) {
  if (facts.status.lines_dropped == 0) return std::nullopt;
  return Finding{Severity::warning, "The log lost " + count(facts.status.lines_dropped, "line") + ".",
                 "Whoever reads standard output is too slow; POSTERN_LOG_SAMPLE=0.1 writes fewer lines."};
}

std::optional<Finding> draining(const Facts& facts) {
  if (!facts.status.draining) return std::nullopt;
  return Finding{Severity::note, "Draining: requests in flight finish, new connections are refused.", ""};
}

constexpr std::array<Check, 14> checks = {
    backend_down,  wrong_secret,   key_set_stale, clock_behind,     clock_ahead, other_issuer, attack,
    backend_fails, no_credentials, reload_failed, certificate_ends, shadow_mode, log_unread,   draining};

}  // namespace

std::vector<Finding> diagnose(const Status& status) {
  const Facts facts(status);
  std::vector<Finding> findings;
  for (const Check check : checks) {
    if (auto finding = check(facts)) findings.push_back(std::move(*finding));
  }
  std::stable_sort(findings.begin(), findings.end(),
                   [](const Finding& a, const Finding& b) { return a.severity > b.severity; });
  return findings;
}

}  // namespace postern::observe
