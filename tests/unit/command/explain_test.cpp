// The set-ups that people get wrong, each with what the first lines of `postern explain` say about it.

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "../token/signing.hpp"
#include "command/run.hpp"
#include "observe/causes.hpp"

using namespace postern;
using observe::Cause;
using token::sample::encode;
using token::sample::SigningKey;

namespace {

constexpr std::int64_t now = 1'767'225'600;
const std::string secret = "0123456789abcdef0123456789abcdef";
const std::string unknown_file = "no such file";

using Environment = std::vector<config::Variable>;
using Files = std::map<std::string, std::string>;

struct Ran {
  int code;
  std::string out, err;
  [[nodiscard]] std::string line(std::size_t number) const {
    std::istringstream lines(out);
    std::string line;
    for (std::size_t i = 0; i <= number; ++i) std::getline(lines, line);
    return line;
  }
};

Ran explain(std::vector<std::string> arguments, const Environment& environment, const Files& files = {}) {
  const config::HostEnvironment host{[&files](const std::string& path) {
                                       const auto found = files.find(path);
                                       if (found == files.end())
                                         return config::FileContent{{}, unknown_file, false};
                                       return config::FileContent{found->second, ""};
                                     },
                                     2, now};
  arguments.insert(arguments.begin(), "explain");
  std::istringstream in;
  std::ostringstream out, err;
  const int code = command::run(arguments, {environment, host, in, out, err, now});
  return {code, out.str(), err.str()};
}

std::string signed_by(std::string_view key, const std::string& payload,
                      std::string_view header = R"({"alg":"HS256","typ":"JWT"})") {
  return token::sample::token(header, payload, key);
}

std::string claims(std::string_view more = "",
                   std::string_view times = R"("iat":1767225500,"exp":1767226400)",
                   std::string_view uid = R"("uid":"alice")") {
  std::string text = "{" + std::string(uid) + (uid.empty() ? "" : ",") + std::string(times);
  return text + std::string(more) + "}";
}

std::string good() {
  return signed_by(secret, claims());
}

const SigningKey& key_pair() {
  static const SigningKey key(token::Algorithm::eddsa, "k1");
  return key;
}

const Environment by_secret = {{"BETTER_AUTH_SECRET", secret}};
const Environment by_set = {{"POSTERN_JWKS_FILE", "/set"},
                            {"POSTERN_JWT_ISSUER", "https://auth.example.com"},
                            {"POSTERN_JWT_AUDIENCE", "api"}};

Environment with(std::initializer_list<config::Variable> more, Environment environment = by_secret) {
  environment.insert(environment.end(), more);
  return environment;
}

std::string issued(std::string_view more = "",
                   std::string_view parties = R"("iss":"https://auth.example.com","aud":"api")") {
  return R"({"sub":"alice","iat":1767225500,"exp":1767226400,)" + std::string(parties) + std::string(more) +
         "}";
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

struct Row {
  std::string_view set_up;
  Environment environment;
  std::string token;
  Cause cause;
  std::string_view found;  // in the first line too
  std::string_view answer;
  std::vector<std::string> request = {"/api/alice/x"};
};

void check(const std::vector<Row>& rows) {
  const Files files = {{"/set", R"({"keys":[)" + key_pair().jwk() + "]}"},
                       {"/revoked", "jti t-1\nsub bob before 1767225600\n"}};
  for (const Row& row : rows) {
    CAPTURE(row.set_up);
    std::vector<std::string> arguments = row.request;
    if (!row.token.empty()) arguments.insert(arguments.begin(), {"--token", row.token});
    const Ran ran = explain(arguments, row.environment, files);
    CAPTURE(ran.out);
    CAPTURE(ran.err);
    CHECK(ran.code == 1);
    const auto& text = observe::text_of(row.cause);
    CHECK(has(ran.line(0), text.text));
    CHECK(has(ran.line(0), row.found));
    CHECK(has(ran.line(1), text.remedy));
    CHECK(has(ran.out, "\nanswer      " + std::string(row.answer)));
    // Neither the secret nor what makes the token one is shown.
    CHECK_FALSE(has(ran.out, secret));
    if (row.token.size() > 100) CHECK_FALSE(has(ran.out, row.token.substr(row.token.rfind('.') + 1)));
    if (row.token.size() > 100) CHECK_FALSE(has(ran.out, row.token.substr(0, row.token.find('.'))));
  }
}

}  // namespace

TEST_CASE("explain tells what is wrong with the way a token is sent") {
  const std::string one = good();
  check({
      {"no token at all", by_secret, "", Cause::no_token, "", "401 Not authenticated"},
      {"a cookie instead", by_secret, "better-auth.session_token=abc.def", Cause::cookie_only, "", "401"},
      {"a cookie in a header",
       by_secret,
       "",
       Cause::cookie_only,
       "",
       "401",
       {"--header", "Cookie: better-auth.session_token=abc.def", "/api/alice/x"}},
      {"two headers",
       by_secret,
       one,
       Cause::two_tokens,
       "",
       "401 Not authenticated",
       {"--token", one, "/api/alice/x"}},
      {"another scheme",
       by_secret,
       "",
       Cause::other_scheme,
       "",
       "401",
       {"--header", "Authorization: Basic YWxpY2U6eA==", "/api/alice/x"}},
      {"the scheme twice", by_secret, "Bearer " + one, Cause::scheme_twice, "", "401"},
      {"in quotes", by_secret, '"' + one + '"', Cause::token_in_quotes, "", "401"},
      {"a space in it", by_secret, one.substr(0, 40) + ' ' + one.substr(40), Cause::token_with_space, "",
       "401"},
      {"a line break in it", by_secret, one.substr(0, 40) + '\n' + one.substr(40), Cause::token_with_space,
       "", "400"},
      {"undefined", by_secret, "undefined", Cause::unfilled_placeholder, "'undefined'", "401 Invalid token"},
      {"[object Object]", by_secret, "[object Object]", Cause::placeholder_sent, "", "401 Not authenticated"},
      {"the session token", by_secret, "vGq0Zw4tJmJ1jPz0Xy2n9kQmAbCdEfGh.c2lnbmF0dXJl", Cause::session_token,
       "one dot", "401 Invalid token"},
      {"an opaque token", by_secret, "vGq0Zw4tJmJ1jPz0Xy2n9kQmAbCdEfGh", Cause::not_a_jwt, "no dot", "401"},
      {"an encrypted token", by_secret, "e30.AA.AA.AA.AA", Cause::encrypted_token, "", "401"},
      {"a token that was cut", by_secret, one.substr(0, one.size() - 3), Cause::not_base64url,
       "its signature has 30 bytes, and HS256 makes 32", "401"},
      {"a token with another letter in it", by_secret, one.substr(0, one.size() - 1) + '~',
       Cause::not_base64url, "", "401"},
      {"base64 instead of base64url", by_secret, one + '=', Cause::padded_base64, "", "401"},
      {"too large", by_secret, one + std::string(9000, 'A'), Cause::token_too_large, "", "401"},
  });
}

TEST_CASE("explain tells which secret, key or algorithm is the wrong one") {
  const std::string in_base64 = encode("0123456789abcdef0123456789abcdef!");
  const std::string spaced = secret + " ", quoted = '"' + secret + '"', versioned = "2:" + secret;
  const SigningKey other(token::Algorithm::eddsa, "k1"), unknown(token::Algorithm::eddsa, "k2");
  const std::string nobody = signed_by("another secret of 32 bytes or more", claims());
  check({
      {"the wrong secret", by_secret, nobody, Cause::wrong_secret, "tried 1 secret", "401 Invalid token"},
      {"two wrong secrets",
       {{"BETTER_AUTH_SECRETS", "2:" + secret + "x,1:" + secret}},
       nobody,
       Cause::wrong_secret,
       "tried 2 secrets",
       "401"},
      {"base64-decoded at the issuer",
       {{"BETTER_AUTH_SECRET", in_base64}},
       signed_by("0123456789abcdef0123456789abcdef!", claims()),
       Cause::secret_decoded,
       "",
       "401"},
      {"decoded here",
       {{"BETTER_AUTH_SECRET", "0123456789abcdef0123456789abcdef!"}},
       signed_by(in_base64, claims()),
       Cause::secret_encoded,
       "",
       "401"},
      {"quotes around it here", {{"BETTER_AUTH_SECRET", quoted}}, good(), Cause::secret_in_quotes, "", "401"},
      {"quotes around it there", by_secret, signed_by(quoted, claims()), Cause::secret_in_quotes, "", "401"},
      {"white space here", {{"BETTER_AUTH_SECRET", spaced}}, good(), Cause::secret_with_space, "", "401"},
      {"a newline there", by_secret, signed_by(secret + '\n', claims()), Cause::secret_with_space, "", "401"},
      {"a version in front", {{"BETTER_AUTH_SECRET", versioned}}, good(), Cause::secret_prefixed, "", "401"},
      {"Better Auth's default", by_secret, signed_by("better-auth-secret-12345678901234567890", claims()),
       Cause::default_secret, "", "401"},
      {"EdDSA with a secret only", by_secret, key_pair().token(issued()), Cause::key_pair_signed, "'EdDSA'",
       "401"},
      {"HS256 with a set only", by_set, good(), Cause::secret_signed, "", "401"},
      {"HS512", by_secret, signed_by(secret, claims(), R"({"alg":"HS512"})"), Cause::other_algorithm,
       "'HS512'", "401"},
      {"alg none", by_secret, signed_by(secret, claims(), R"({"alg":"none"})"), Cause::unsigned_token, "",
       "401"},
      {"no signature", by_secret, encode(R"({"alg":"none"})") + '.' + encode(claims()) + '.',
       Cause::unsigned_token, "", "401"},
      {"another typ", by_secret, signed_by(secret, claims(), R"({"alg":"HS256","typ":"logout+jwt"})"),
       Cause::other_type, "'logout+jwt'", "401"},
      {"crit", by_secret, signed_by(secret, claims(), R"({"alg":"HS256","crit":["b64"],"b64":false})"),
       Cause::critical_extension, "", "401"},
      {"another database behind the issuer", by_set, other.token(issued()), Cause::foreign_key_pair,
       "kid 'k1'", "401"},
      {"a kid that the set lacks", by_set, unknown.token(issued()), Cause::unknown_key,
       "kid 'k2', the set has 'k1'", "401"},
      {"a header that is no JSON", by_secret, signed_by(secret, claims(), "{alg:HS256}"), Cause::token_header,
       "", "401"},
      {"a payload that is no JSON", by_secret, signed_by(secret, "alice"), Cause::token_payload, "", "401"},
  });
}

TEST_CASE("explain tells which time is wrong, and by how much") {
  check({
      {"expired 3 minutes ago", by_secret,
       signed_by(secret, claims("", R"("iat":1767224520,"exp":1767225420)")), Cause::expired,
       "3 minutes ago, at 2025-12-31T23:57:00Z", "401 Token expired"},
      {"a lifetime for a moment", by_secret, signed_by(secret, claims("", R"("exp":900)")),
       Cause::lifetime_as_moment, "exp is 900", "401 Token expired"},
      {"exp in milliseconds", by_secret, signed_by(secret, claims("", R"("exp":1767226400000)")),
       Cause::expiry_in_milliseconds, "exp is 1767226400000", "401"},
      {"iat in milliseconds", by_secret,
       signed_by(secret, claims("", R"("iat":1767225500000,"exp":1767226400)")),
       Cause::issued_in_milliseconds, "", "401"},
      {"a clock that is behind", by_secret,
       signed_by(secret, claims("", R"("iat":1767226200,"exp":1767227100)")), Cause::clock_behind,
       "iat lies 10 minutes ahead, 30 seconds are allowed", "401"},
      {"nbf ahead", by_secret, signed_by(secret, claims(R"(,"nbf":1767226200)")), Cause::not_yet_valid,
       "nbf lies 10 minutes ahead", "401"},
      {"a year", by_secret, signed_by(secret, claims("", R"("iat":1767225500,"exp":1798761500)")),
       Cause::lifetime_too_long, "it lives 365 days, 30 days are allowed", "401"},
      {"no exp", by_secret, signed_by(secret, claims("", R"("iat":1767225500)")), Cause::no_expiry, "",
       "401"},
      {"exp as text", by_secret, signed_by(secret, claims("", R"("exp":"15m")")), Cause::malformed_time,
       "exp is '15m'", "401"},
  });
}

TEST_CASE("explain tells both issuers, both audiences and both users") {
  const Environment strict =
      with({{"POSTERN_JWT_ISSUER", "https://auth.example.com"}, {"POSTERN_JWT_AUDIENCE", "api"}});
  check({
      {"another iss", strict, signed_by(secret, claims(R"(,"iss":"https://evil.example","aud":"api")")),
       Cause::wrong_issuer, "expected 'https://auth.example.com', found 'https://evil.example'", "401"},
      {"a slash at the end of iss", strict,
       signed_by(secret, claims(R"(,"iss":"https://auth.example.com/")")), Cause::issuer_almost,
       "found 'https://auth.example.com/'", "401"},
      {"http for https", by_set,
       key_pair().token(issued("", R"("iss":"http://auth.example.com","aud":"api")")), Cause::issuer_almost,
       "expected 'https://auth.example.com', found 'http://auth.example.com'", "401"},
      {"no iss", strict, good(), Cause::no_issuer, "found absent", "401"},
      {"another aud", strict,
       signed_by(secret, claims(R"(,"iss":"https://auth.example.com","aud":["web","app"])")),
       Cause::wrong_audience, R"(expected 'api', found ["web","app"])", "401"},
      {"no aud", strict, signed_by(secret, claims(R"(,"iss":"https://auth.example.com")")),
       Cause::no_audience, "expected 'api'", "401"},
      {"no uid", by_secret, signed_by(secret, claims("", R"("exp":1767226400)", R"("name":"Alice")")),
       Cause::no_uid, "uid, sub", "401"},
      {"sub alone", by_secret, signed_by(secret, claims("", R"("exp":1767226400)", R"("sub":"alice")")),
       Cause::sub_without_audience, "'alice'", "401"},
      {"an e-mail verification", by_secret,
       signed_by(secret, claims("", R"("exp":1767226400)", R"("email":"a@b.c")")),
       Cause::other_better_auth_token, "e-mail verification", "401"},
      {"a uid that is a number", by_secret,
       signed_by(secret, claims("", R"("exp":1767226400)", R"("uid":7)")), Cause::malformed_uid, "uid is 7",
       "401"},
      {"uid and sub of two users", by_secret, signed_by(secret, claims(R"(,"sub":"bob")")),
       Cause::subject_mismatch, "uid is 'alice', sub 'bob'", "401"},
      {"an ID token", by_secret, signed_by(secret, claims(R"(,"nonce":"x")")), Cause::id_token, "nonce",
       "401"},
      {"a machine's token", by_set, key_pair().token(issued(R"(,"azp":"alice")")), Cause::client_token, "",
       "401"},
      {"a token bound by DPoP", by_secret, signed_by(secret, claims(R"(,"cnf":{"jkt":"x"})")),
       Cause::bound_token, "", "401"},
      {"a token bound to a certificate", by_secret,
       signed_by(secret, claims(R"(,"cnf":{"x5t#S256":"bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"})")),
       Cause::bound_to_certificate, "", "401"},
      {"a revoked token", with({{"POSTERN_REVOKED_FILE", "/revoked"}}),
       signed_by(secret, claims(R"(,"jti":"t-1")")), Cause::revoked, "", "401"},
  });
}

TEST_CASE("explain tells what is wrong with the path") {
  const std::string one = good();
  const Environment hidden = with({{"POSTERN_TOKEN_PATHS", "/api/**"}});
  check({
      {"another user",
       by_secret,
       one,
       Cause::another_user,
       "the path has 'bob', the token 'alice'",
       "403 Forbidden",
       {"/api/bob/x"}},
      {"the uid in another case",
       by_secret,
       one,
       Cause::other_case,
       "'Alice', the token 'alice'",
       "403",
       {"/api/Alice/x"}},
      {"me for the uid", by_secret, one, Cause::placeholder_user, "'me'", "403", {"/api/me/x"}},
      {"an unfilled template",
       by_secret,
       one,
       Cause::placeholder_user,
       "'{user_id}'",
       "403",
       {"/api/%7Buser_id%7D/x"}},
      {"a hidden rule",
       hidden,
       one,
       Cause::hidden_rule,
       "'/api/{user_id}/**' hides the token path '/api/**'",
       "403",
       {"/api/health"}},
      {"no rule", by_secret, one, Cause::no_rule, "", "404 Not Found", {"/elsewhere"}},
      {"no rule for the method",
       {{"BETTER_AUTH_SECRET", secret}, {"POSTERN_USER_PATHS", "GET /api/{user_id}/**"}},
       one,
       Cause::no_rule_for_method,
       "'POST'",
       "404",
       {"POST", "/api/alice/x"}},
      {"a method in lower case",
       {{"BETTER_AUTH_SECRET", secret}, {"POSTERN_USER_PATHS", "GET /api/{user_id}/**"}},
       one,
       Cause::no_rule_for_method,
       "case-sensitive",
       "404",
       {"get", "/api/alice/x"}},
      {"a role that the token lacks",
       {{"BETTER_AUTH_SECRET", secret}, {"POSTERN_USER_PATHS", "/api/{user_id}/** role=admin"}},
       one,
       Cause::condition_not_met,
       "expected role=admin, found role absent",
       "403 Forbidden"},
      {"an encoded slash", by_secret, one, Cause::encoded_slash, "", "400 Bad Request", {"/api%2Fbob/alice"}},
      {"two slashes", by_secret, one, Cause::empty_segment, "", "400", {"/api//alice"}},
      {"a dot segment", by_secret, one, Cause::dot_segment, "", "400", {"/api/../alice"}},
      {"a raw umlaut", by_secret, one, Cause::non_ascii, "", "400", {"/api/alice/\xC3\xA4"}},
      {"a lone percent sign", by_secret, one, Cause::percent_encoding, "", "400", {"/api/alice/100%"}},
      {"TRACE", by_secret, one, Cause::refused_method, "", "405", {"TRACE", "/api/alice"}},
      {"a space in the target",
       by_secret,
       one,
       Cause::malformed_head,
       "malformed request line",
       "400",
       {"GET", "/api/alice/a b"}},
  });
}

TEST_CASE("explain says of a forwarded request as whom, and exits with 0") {
  const Ran ran = explain({"--token", good(), "/api/alice/x"}, by_secret);
  CHECK(ran.code == 0);
  CHECK(has(ran.line(0), "The token is valid"));
  CHECK(has(ran.out, "exp"));
  CHECK(has(ran.out, "in 13 minutes"));
  CHECK(has(ran.out, "1 secret tried, of 32 bytes"));
  CHECK(ran.out.ends_with("answer      forwarded as alice\n"));
  const Ran set = explain({"--token", key_pair().token(issued()), "/api/alice/x"}, by_set,
                          {{"/set", R"({"keys":[)" + key_pair().jwk() + "]}"}});
  CHECK(set.code == 0);
  CHECK(has(set.out, "'https://auth.example.com'"));
}

TEST_CASE("explain --json is one object with the same in it") {
  const Ran ran = explain({"--json", "--token", good(), "/api/bob/x"}, by_secret);
  CHECK(ran.code == 1);
  CHECK(std::ranges::count(ran.out, '\n') == 1);
  for (
      const std::string_view part :
      {R"({"cause":"The path belongs to another user than the token: the path has 'bob', the token 'alice'")",
       R"("forwarded":false)", R"("status":403)", R"("answer":"403 Forbidden")", R"("reason":"another user")",
       R"({"step":"owner","ok":false,"note":"another user"})",
       R"("name":"alg","ok":true,"expected":"HS256")"}) {
    CAPTURE(part);
    CHECK(has(ran.out, part));
  }
  CHECK(has(explain({"--json", "--token", good(), "/api/alice"}, by_secret).out,
            R"("forwarded":true,"status":null)"));
}

TEST_CASE("what is no token but names a file is read from it") {
  const Files files = {{"/tmp/alice.jwt", good() + "\r\n"}, {"alice", good()}};
  CHECK(explain({"--token", "/tmp/alice.jwt", "/api/alice"}, by_secret, files).code == 0);
  CHECK(explain({"--token", "alice", "/api/alice"}, by_secret, files).code == 0);
  CHECK(explain({"--token", "bob", "/api/alice"}, by_secret, files).code == 1);
}

TEST_CASE("in shadow mode the cause is told, and that the request is forwarded") {
  const Ran ran = explain({"/api/alice/x"}, with({{"POSTERN_SHADOW_UNTIL", "2026-01-31T00:00:00Z"}}));
  CHECK(ran.code == 0);
  CHECK(has(ran.line(0), "The request carries no token"));
  CHECK(has(ran.out, "forwarded without identity (shadow)"));
}
