#include <doctest/doctest.h>

#include <algorithm>
#include <array>

#include "config/variables.hpp"
#include "host_environment.hpp"

using namespace postern;
using namespace postern::config;

namespace {

std::string shown_value(const Outcome& outcome, std::string_view name) {
  for (const auto& [variable, value] : describe(outcome.config)) {
    if (variable == name) return value;
  }
  return "not shown";
}

}  // namespace

TEST_CASE("with a secret alone everything has its documented default") {
  const Outcome outcome = sample::with({});
  REQUIRE(outcome.problems.empty());
  CHECK(outcome.warnings.empty());
  for (const VariableSpec& variable : variables()) {
    if (variable.name == "POSTERN_THREADS") continue;
    CAPTURE(variable.name);
    CHECK(shown_value(outcome, variable.name) == variable.default_text);
  }
  CHECK(shown_value(outcome, "POSTERN_THREADS") == "2");
  REQUIRE(outcome.config.rules.size() == 1);
  CHECK(outcome.config.rules[0].kind == route::RuleKind::user);
}

TEST_CASE("each variable's example is a good value, and is what is then shown") {
  for (const VariableSpec& variable : variables()) {
    // Files and secrets have tests of their own: tls_files_test, secrets_test, key_sources_test.
    if (variable.name.starts_with("POSTERN_TLS_") || variable.name.starts_with("POSTERN_IDENTITY_") ||
        variable.name == "POSTERN_JWKS_FILE" || variable.name == "POSTERN_REVOKED_FILE") {
      continue;
    }
    CAPTURE(variable.name);
    const Outcome outcome = sample::with({{variable.name, variable.example}});
    CHECK(outcome.problems.empty());
    CHECK(shown_value(outcome, variable.name) != "not shown");
  }
}

TEST_CASE("user paths of which one has a literal where another has the user are warned of") {
  const auto warnings = [](std::string_view paths) {
    return sample::with({{"POSTERN_USER_PATHS", paths}}).warnings;
  };
  CHECK(warnings("/api/{user_id}/**,/api/v2/{user_id}/**") ==
        std::vector<std::string>{
            "the paths '/api/v2/{user_id}/**' and '/api/{user_id}/**' overlap: no user may have "
            "the id 'v2'"});
  CHECK(warnings("/{x}/{user_id},/api/v2/{user_id}").size() == 1);
  CHECK(warnings("/api/{user_id}/**,/v2/{user_id}/**").empty());
  CHECK(warnings("/api/{user_id}/**,/api/{user_id}/files/{name}").empty());
  CHECK(warnings("/api/{user_id}/**,/apis/v2/{user_id}").empty());
}

TEST_CASE("bad values are named with their variable and a good example") {
  struct Row {
    std::string_view variable, value, what;
  };
  const auto rows = std::to_array<Row>({
      {"POSTERN_LISTEN", ":8080", "the host is missing"},
      {"POSTERN_UPSTREAM", "app:8000", "begins with none of"},
      {"POSTERN_UPSTREAM", "ftp://app", "begins with none of"},
      {"POSTERN_UPSTREAM_HEALTH_PATH", "health", "no path"},
      {"POSTERN_UPSTREAM_HEALTH_PATH", "/a b", "no path"},
      {"POSTERN_UPSTREAM_HEALTH_PATH", "/a#b", "no path"},
      {"POSTERN_PROXY_PROTOCOL", "v2", "neither true nor false"},
      {"POSTERN_ADMIN_LISTEN", "on", "the port is missing"},
      {"POSTERN_USER_PATHS", "/api/**", "{user_id}"},
      {"POSTERN_USER_PATHS", "/{user_id}/{user_id}", "{user_id}"},
      {"POSTERN_TOKEN_PATHS", "api", "'api'"},
      {"POSTERN_TOKEN_PATHS", "/api/{user_id}", "{user_id}"},
      {"POSTERN_PUBLIC_PATHS", "/a/../b", "'/a/../b'"},
      {"POSTERN_PUBLIC_PATHS", "/a/**/b", "'/a/**/b'"},
      {"POSTERN_TOKEN_PATHS", "get /a", "in capitals"},
      {"POSTERN_TOKEN_PATHS", "/a admin", "no condition"},
      {"POSTERN_OPTIONAL_PATHS", "/a role=x", "need a token"},
      {"POSTERN_OPTIONAL_PATHS", "off", "begin with '/'"},
      {"POSTERN_OVERRIDE", "admin", "no condition"},
      {"POSTERN_OVERRIDE", "{org_id}=org", "none here"},
      {"POSTERN_CLAIM_HEADERS", "X-User-Role", "is not Header=claim"},
      {"POSTERN_CLAIM_HEADERS", "X User=role", "no header name"},
      {"POSTERN_CLAIM_HEADERS", "host=role", "meaning of its own"},
      {"POSTERN_CLAIM_HEADERS", "x_forwarded_user=role", "meaning of its own"},
      {"POSTERN_CLAIM_HEADERS", "X-Postern-Override=role", "meaning of its own"},
      {"POSTERN_CLAIM_HEADERS", "X-User-Role=role,x_user_role=org", "there twice"},
      {"POSTERN_CLAIM_HEADERS", "x-user_id=uid", "user's id already"},
      {"POSTERN_SHADOW_UNTIL", "tomorrow", "no time"},
      {"POSTERN_SHADOW_UNTIL", "2027-04-01T00:00:01Z", "more than 90 days"},
      {"POSTERN_UID_CLAIM", "exp", "meaning of its own"},
      {"POSTERN_USER_HEADER", "X User", "no header name"},
      {"POSTERN_USER_HEADER", "Authorization", "meaning of its own"},
      {"POSTERN_USER_HEADER", "x_forwarded_for", "meaning of its own"},
      {"POSTERN_CLOCK_LEEWAY", "301s", "not between 0s and 300s"},
      {"POSTERN_CLOCK_LEEWAY", "500ms", "whole seconds"},
      {"POSTERN_MAX_TOKEN_LIFETIME", "0", "at least 1s"},
      {"POSTERN_SUB_MUST_MATCH", "maybe", "neither true nor false"},
      {"POSTERN_FORWARD_AUTHORIZATION", "2", "neither true nor false"},
      {"POSTERN_TRUSTED_PROXIES", "10.0.0.0/8,host", "no IP address or range"},
      {"POSTERN_CORS_ORIGINS", "app.example.com", "no origin"},
      {"POSTERN_CORS_ORIGINS", "https://app.example.com/", "no origin"},
      {"POSTERN_CORS_PREFLIGHT", "allow", "neither reject nor forward"},
      {"POSTERN_WEBSOCKET_TOKEN", "query", "neither header nor subprotocol"},
      {"POSTERN_CLOSE_AT_EXPIRY", "soon", "neither true nor false"},
      {"POSTERN_THREADS", "0", "not between 1 and 1024"},
      {"POSTERN_THREADS", "two", "no whole number"},
      {"POSTERN_MAX_CONNECTIONS", "-1", "no whole number"},
      {"POSTERN_MAX_HEADER_BYTES", "16KB", "no size"},
      {"POSTERN_MAX_HEADER_BYTES", "1", "not between 1KiB and 1MiB"},
      {"POSTERN_MAX_BODY_BYTES", "2TiB", "not between 0 and 1TiB"},
      {"POSTERN_HEADER_TIMEOUT", "10", "no duration"},
      {"POSTERN_IDLE_TIMEOUT", "0s", "not between 1ms and 1d"},
      {"POSTERN_CONNECT_TIMEOUT", "2d", "not between 1ms and 1d"},
      {"POSTERN_RESPONSE_TIMEOUT", "never", "no duration"},
      {"POSTERN_DRAIN_TIMEOUT", "-1s", "no duration"},
      {"POSTERN_LOG_LEVEL", "verbose", "none of debug, info, warn, error, off"},
      {"POSTERN_LOG_FORMAT", "xml", "none of json, text"},
      {"POSTERN_JWKS_URL", "http://auth:3000/api/auth/jwks aud=x", "needs iss="},
      {"POSTERN_JWKS_URL", "http://auth:3000/api/auth/jwks iss=x", "needs aud="},
      {"POSTERN_JWKS_URL", "auth:3000/jwks iss=x aud=x", "neither http:// nor https://"},
      {"POSTERN_JWKS_URL", "http://me:secret@auth/jwks iss=x aud=x", "user name"},
      {"POSTERN_JWKS_URL", "http://auth/jwks iss=x aud=x kid=1", "neither iss=ISSUER"},
      {"POSTERN_JWKS_URL", "http://auth/jwks iss=x iss=y aud=x", "there twice"},
      {"POSTERN_JWKS_URL", "http://a/jwks iss=x aud=x, http://b/jwks iss=x aud=y",
       "two sets have the issuer 'x'"},
      {"POSTERN_JWKS_URL", "http://a/jwks iss=any aud=x, http://b/jwks iss=any aud=y",
       "two sets have the issuer"},
      {"POSTERN_JWKS_REFRESH", "500ms", "not between 1s and 30d"},
      {"POSTERN_JWKS_COOLDOWN", "2h", "not between 1s and 1h"},
      {"POSTERN_JWKS_MAX_STALE", "31d", "not between 1s and 30d"},
      {"POSTERN_UID_CLAIM", "uid,exp", "'exp' has a meaning of its own"},
      {"POSTERN_UID_CLAIM", "uid,uid", "there twice"},
      {"POSTERN_UID_CLAIM", "sub", "only where an audience is demanded"},
      {"POSTERN_TOKEN_CACHE", "2GiB", "not between 0 and 1GiB"},
  });
  for (const Row& row : rows) {
    CAPTURE(row.variable);
    CAPTURE(row.value);
    const Outcome outcome = sample::with({{row.variable, row.value}});
    REQUIRE(outcome.problems.size() == 1);
    const Problem& problem = outcome.problems.front();
    CHECK(problem.variable == row.variable);
    CHECK_MESSAGE(problem.what.find(row.what) != std::string::npos, problem.what);
    CHECK_FALSE(problem.example.empty());
    CHECK(to_string(problem).find('\n') == std::string::npos);
  }
}

TEST_CASE("ten mistakes at once are ten problems") {
  const std::array<Variable, 10> environment = {{{"BETTER_AUTH_SECRET", "short"},
                                                 {"POSTERN_LISTEN", "here"},
                                                 {"POSTERN_UPSTREAM", "there"},
                                                 {"POSTERN_USER_PATHS", "/api"},
                                                 {"POSTERN_CLOCK_LEEWAY", "1h"},
                                                 {"POSTERN_THREADS", "many"},
                                                 {"POSTERN_MAX_BODY_BYTES", "huge"},
                                                 {"POSTERN_LOG_LEVEL", "loud"},
                                                 {"POSTERN_UPSTREM", "http://127.0.0.1:8000"},
                                                 {"POSTERN_TLS_CERT", "/cert.pem"}}};
  CHECK(read(environment, sample::host_environment()).problems.size() == 10);
}

TEST_CASE("an unknown variable is a problem that names the nearest known one") {
  const Outcome outcome = sample::with({{"POSTERN_LISEN", "0.0.0.0:8080"}, {"POSTERN_USERPATHS", "/x"}});
  REQUIRE(outcome.problems.size() == 2);
  CHECK(outcome.problems[0].variable == "POSTERN_LISEN");
  CHECK(outcome.problems[0].what.find("POSTERN_LISTEN") != std::string::npos);
  CHECK(outcome.problems[1].what.find("POSTERN_USER_PATHS") != std::string::npos);
}

TEST_CASE("what Kubernetes injects for a Service of that name is no mistake") {
  const Outcome outcome = sample::with({{"POSTERN_SERVICE_HOST", "10.0.0.1"},
                                        {"POSTERN_SERVICE_PORT_HTTP", "80"},
                                        {"POSTERN_PORT", "tcp://10.0.0.1:80"},
                                        {"POSTERN_PORT_80_TCP_ADDR", "10.0.0.1"}});
  CHECK(outcome.problems.empty());
  CHECK(outcome.warnings.empty());
  CHECK(sample::with({{"POSTERN_PORT", "8080"}}).warnings.size() == 1);
}

TEST_CASE("other people's variables are not looked at, and an empty value is as good as none") {
  const Outcome outcome = sample::with({{"PATH", "/bin"},
                                        {"postern_listen", "x"},
                                        {"POSTERN_LISTEN", ""},
                                        {"POSTERN_JWKS_URL", ""},
                                        {"POSTERN_PROXY_PROTOCOL", "false"}});
  CHECK(outcome.problems.empty());
  CHECK(to_string(outcome.config.listen) == "0.0.0.0:8080");
}

TEST_CASE("two rules of one shape and different kinds are a problem, hidden ones a warning") {
  const Outcome same = sample::with({{"POSTERN_TOKEN_PATHS", "/a/{x}"}, {"POSTERN_PUBLIC_PATHS", "/a/{y}"}});
  REQUIRE(same.problems.size() == 1);
  CHECK(same.problems[0].what.find("'/a/{x}'") != std::string::npos);
  const Outcome alike = sample::with({{"POSTERN_PUBLIC_PATHS", "/api/{name}/**"}});
  CHECK(alike.problems.size() == 1);
  const Outcome hidden = sample::with({{"POSTERN_TOKEN_PATHS", "/api/**"}});
  CHECK(hidden.problems.empty());
  CHECK(hidden.warnings.size() == 1);
}

TEST_CASE("settings reach the configuration") {
  const Outcome outcome = sample::with({{"POSTERN_JWT_ISSUER", "https://auth.example.com"},
                                        {"POSTERN_MAX_TOKEN_LIFETIME", "off"},
                                        {"POSTERN_ADMIN_LISTEN", "off"},
                                        {"POSTERN_USER_PATHS", "/u/{user_id}, /v/{user_id}/**"},
                                        {"POSTERN_TRUSTED_PROXIES", "10.0.0.0/8, ::1"},
                                        {"POSTERN_CORS_PREFLIGHT", "reject"},
                                        {"POSTERN_SUB_MUST_MATCH", "false"},
                                        {"POSTERN_CLOCK_LEEWAY", "0s"},
                                        {"POSTERN_LOG_FORMAT", "text"}});
  REQUIRE(outcome.problems.empty());
  const Config& config = outcome.config;
  CHECK(config.claims.issuer == "https://auth.example.com");
  CHECK_FALSE(config.claims.audience);
  CHECK_FALSE(config.claims.max_lifetime);
  CHECK_FALSE(config.claims.subject_must_match);
  CHECK(config.claims.leeway == 0);
  CHECK_FALSE(config.admin_listen);
  CHECK(config.rules.size() == 2);
  CHECK(config.trusted_proxies.ranges.size() == 2);
  CHECK_FALSE(config.forward_preflight);
  CHECK(config.log_format == LogFormat::text);
}
