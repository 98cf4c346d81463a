#include "observe/status/diagnose.hpp"

#include <doctest/doctest.h>

#include "status_scene.hpp"

using namespace postern::observe;
using scene::minute;
using scene::now;
using scene::well;

namespace {

Status with(const std::function<void(Status&)>& change, Status status = well()) {
  change(status);
  return status;
}

}  // namespace

TEST_CASE("nothing is found where nothing is wrong") {
  CHECK(diagnose(well()).empty());
  CHECK(diagnose(Status{}).empty());
  // Some of everything goes wrong everywhere.
  CHECK(
      diagnose(well(minute(
                   100, {{"expired", 9}, {"no credentials", 20}, {"another user", 1}, {"bad signature", 1}})))
          .empty());
}

TEST_CASE("who sees only the page can tell what is wrong") {
  struct Row {
    std::string_view why;
    Status status;
    Severity severity;
    std::string_view text;
    std::string_view remedy;
  };
  const Row rows[] = {
      {"the backend is down", with([](Status& s) {
         s.upstream = {"http://127.0.0.1:8000", UpstreamStatus::State::down, "Connection refused", now};
       }),
       Severity::error, "The backend does not answer: http://127.0.0.1:8000, Connection refused.",
       "POSTERN_UPSTREAM"},
      {"the backend is up and fails", with([](Status& s) { s.minutes.back().upstream_failures = 9; }),
       Severity::warning, "The backend failed 9 requests", "POSTERN_RESPONSE_TIMEOUT"},
      {"the secret was rotated at one side", well(minute(2, {{"bad signature", 80}})), Severity::error,
       "Signatures that passed before fail now (400 tokens", "BETTER_AUTH_SECRETS"},
      {"the secret was never the right one", well(minute(0, {{"bad signature", 3}}), minute(0)),
       Severity::error, "No token has passed yet", "byte for byte"},
      {"an attack beside users", well(minute(95, {{"bad signature", 30}, {"malformed header", 5}})),
       Severity::warning, "Somebody is guessing tokens: 175 made-up tokens",
       "POSTERN_FAILED_AUTH_RATE=5/s burst 20"},
      {"an attack while nobody else is there",
       well(minute(0, {{"bad signature", 30}, {"malformed header", 20}, {"unsupported algorithm", 30}}),
            minute(0)),
       Severity::warning, "Somebody is guessing tokens", "POSTERN_FAILED_AUTH_RATE"},
      {"an attack that the rate stops",
       well(minute(95, {{"too many bad tokens", 400}, {"bad signature", 3}})), Severity::warning,
       "2000 of them stopped by the rate", "block them"},
      {"a stale key set", with([](Status& s) {
         s.keys[1].last_success = now - 1500;
         s.keys[1].problem = "timeout";
       }),
       Severity::warning, "The key set is stale: its last fetch went well 25 minutes ago: timeout.",
       "https://auth.example.com/api/auth/jwks"},
      {"a key set too old", with([](Status& s) { s.keys[1].last_success = now - 90'000; }), Severity::error,
       "The key set is too old to be used, its last fetch went well 25 hours ago",
       "Better Auth must be running"},
      {"a key set never fetched", with([](Status& s) {
         s.keys[1].last_success = 0;
         s.keys[1].problem = "status 404";
       }),
       Severity::error, "The key set was never fetched: status 404.", "JWK Set"},
      {"the clock is behind", well(minute(50, {{"issued in the future", 30}, {"not yet valid", 10}})),
       Severity::error, "this machine's clock is behind Better Auth's", "NTP"},
      {"the clock is ahead", well(minute(1, {{"expired", 99}})), Severity::error,
       "clock is ahead of Better Auth's", "date -u"},
      {"another issuer", well(minute(0, {{"wrong issuer", 9}})), Severity::error,
       "The issuer of most tokens (45 tokens)", "POSTERN_JWT_ISSUER"},
      {"another audience", well(minute(0, {{"wrong audience", 9}})), Severity::error,
       "The audience of most tokens", "POSTERN_JWT_AUDIENCE"},
      {"nobody sends a token", well(minute(0, {{"no credentials", 9}}), minute(0)), Severity::warning,
       "Nobody sends a token", "Authorization: Bearer"},
      {"a reload that failed",
       with([](Status& s) { s.reload_problem = "BETTER_AUTH_SECRET_FILE: is empty"; }), Severity::warning,
       "The last reload failed: BETTER_AUTH_SECRET_FILE: is empty.", "SIGHUP"},
      {"a certificate near its end", with([](Status& s) { s.certificate_not_after = now + 3 * 86'400; }),
       Severity::warning, "The certificate ends in 3 days.", "POSTERN_TLS_CERT"},
      {"a certificate that ended", with([](Status& s) { s.certificate_not_after = now - 1; }),
       Severity::error, "The certificate has expired.", "POSTERN_TLS_CERT"},
      {"shadow mode", with([](Status& s) { s.shadow_until = now + 3 * 3600; }), Severity::warning,
       "for another 3 hours", "POSTERN_SHADOW_UNTIL"},
      {"an unread log", with([](Status& s) { s.lines_dropped = 1; }), Severity::warning,
       "The log lost 1 line.", "POSTERN_LOG_SAMPLE"},
      {"a drain", with([](Status& s) { s.draining = true; }), Severity::note, "Draining", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    const auto findings = diagnose(row.status);
    REQUIRE(findings.size() == 1);
    CAPTURE(findings[0].text);
    CHECK(findings[0].severity == row.severity);
    CHECK(findings[0].text.find(row.text) != std::string::npos);
    CHECK(findings[0].remedy.find(row.remedy) != std::string::npos);
  }
}

TEST_CASE("a secret that was rotated at one side is no attack, however many tokens fail") {
  const auto findings = diagnose(well(minute(3, {{"bad signature", 5000}})));
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].text.find("signing secret was changed") != std::string::npos);
}

TEST_CASE("the gravest finding stands first") {
  Status status = well();
  status.lines_dropped = 3;
  status.draining = true;
  status.upstream.state = UpstreamStatus::State::down;
  const auto findings = diagnose(status);
  REQUIRE(findings.size() == 3);
  CHECK(findings[0].severity == Severity::error);
  CHECK(findings[1].severity == Severity::warning);
  CHECK(findings[2].severity == Severity::note);
}
