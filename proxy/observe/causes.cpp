#include "observe/causes.hpp"

#include <algorithm>
#include <array>

namespace postern::observe {
namespace {

using enum Cause;

constexpr std::string_view two_readings =
    "Build URLs without it, and put such values into the query: servers read such a path in two ways.";
constexpr std::string_view byte_for_byte =
    "Give both sides the same BETTER_AUTH_SECRET, byte for byte: no quotes, no white space, no newline, no "
    "base64 "
    "decoding. While a rotation lasts, BETTER_AUTH_SECRETS takes the old and the new one.";
constexpr std::string_view one_header =
    "Send one header 'Authorization: Bearer TOKEN': the scheme, one space, the token, nothing else.";
constexpr std::string_view define_payload =
    "Add definePayload: ({ user }) => ({ uid: user.id }) to Better Auth's jwt plugin; or set BETTER_AUTH_URL "
    "or "
    "POSTERN_JWT_AUDIENCE: then sub names the user.";
constexpr std::string_view issuer_remedy =
    "Set POSTERN_JWT_ISSUER (BETTER_AUTH_URL sets it) to what the tokens say, character for character, or "
    "correct "
    "Better Auth's base URL.";
constexpr std::string_view audience_remedy =
    "Set POSTERN_JWT_AUDIENCE (BETTER_AUTH_URL sets it) to what the tokens say, character for character; the "
    "OAuth "
    "provider's clients ask for it with resource=.";
constexpr std::string_view jwt_not_session =
    "Exchange it: GET /api/auth/token with the session's cookie answers with the JWT.";
constexpr std::string_view ntp =
    "Set both clocks by NTP; POSTERN_CLOCK_LEEWAY bridges up to 300s until then.";
constexpr std::string_view list_rules =
    "Correct the path, or name it in one of the POSTERN_..._PATHS; 'postern check' lists the rules, 'postern "
    "routes' "
    "holds them against the service.";
constexpr std::string_view issuer_logs =
    "Check that the set's address answers from here with 200 and a JWK Set; Better Auth must be running. In "
    "a "
    "container localhost is the container itself: set POSTERN_JWKS_URL.";

constexpr std::array table = {
    CauseText{
        malformed_head, "", "The head is not the strict HTTP/1.1 that the gate takes",
        "Correct the client: servers read such a head in two ways. A proxy in front may have written it."},
    CauseText{refused_method, "refused method", "CONNECT and TRACE are never served", "Use another method."},
    CauseText{oversized_head, "head too large", "The head is larger than POSTERN_MAX_HEADER_BYTES",
              "Send fewer or smaller cookies and fields, or raise POSTERN_MAX_HEADER_BYTES."},
    CauseText{slow_head, "head timeout", "The head did not come within POSTERN_HEADER_TIMEOUT",
              "Look at the client and the network; such connections are often scanners."},
    CauseText{oversized_body, "body too large", "The body is larger than POSTERN_MAX_BODY_BYTES",
              "Raise POSTERN_MAX_BODY_BYTES, or send less."},
    CauseText{target_form, "not origin-form or absolute-form", "The target is no path",
              "A target begins with / or is a whole http URL."},
    CauseText{target_authority, "malformed authority", "The host in the target's URL is malformed",
              "Send the path alone, or a URL without user-info."},
    CauseText{encoded_slash, "encoded slash", "The path has an encoded slash or backslash (%2F, %5C)",
              two_readings},
    CauseText{backslash, "backslash", "The path has a backslash", two_readings},
    CauseText{dot_segment, "dot segment", "The path has a dot segment (. or ..)", two_readings},
    CauseText{empty_segment, "empty segment", "The path has an empty segment (//)",
              "Join the base URL and the path with one slash: servers read such a path in two ways."},
    CauseText{fragment, "fragment", "The target has a # in it",
              "Encode it as %23: a fragment is never sent."},
    CauseText{control_character, "control character", "The target has a control character or a raw space",
              "Percent-encode spaces as %20; control characters are never taken."},
    CauseText{non_ascii, "non-ASCII byte", "The target has a raw byte beyond ASCII",
              "Percent-encode it as UTF-8."},
    CauseText{percent_encoding, "malformed percent-encoding",
              "A % in the path has no two hexadecimal digits behind it",
              "Encode a percent sign itself as %25."},
    CauseText{utf8, "malformed UTF-8", "The decoded path is no UTF-8",
              "Percent-encode the path's text as UTF-8."},

    CauseText{no_token, "no credentials", "The request carries no token",
              "Send 'Authorization: Bearer TOKEN'. A proxy in front may have dropped it; a websocket from a "
              "browser needs "
              "POSTERN_WEBSOCKET_TOKEN=subprotocol."},
    CauseText{cookie_only, "no credentials",
              "The request carries a session cookie, which is never read, and no token", jwt_not_session},
    CauseText{
        two_tokens, "duplicate authorization", "The request carries two tokens",
        "Send Authorization once; a websocket's subprotocol counts too. Look for a proxy that adds its own."},
    CauseText{other_scheme, "other scheme", "Authorization has another scheme than Bearer", one_header},
    CauseText{malformed_credentials, "malformed credentials",
              "Authorization is not 'Bearer', one space and a token", one_header},
    CauseText{token_in_quotes, "malformed credentials", "The token stands in quotes",
              "Send it without quotes: JSON.parse() or jq -r takes them off."},
    CauseText{token_with_space, "malformed credentials", "The token has white space or a line break in it",
              "Send it as one word; copy it again, whole and without the line break."},
    CauseText{scheme_twice, "malformed credentials", "The token begins with the scheme itself", one_header},
    CauseText{placeholder_sent, "malformed credentials", "In the token's place stands a placeholder",
              "The client sends a value before it has one: let it wait for the token."},

    CauseText{token_too_large, "token too large", "The token is larger than 8 KiB",
              "Put less into it: definePayload: ({ user }) => ({ uid: user.id })."},
    CauseText{not_a_jwt, "not three parts", "That is no JWT, which has three parts with dots between",
              jwt_not_session},
    CauseText{session_token, "not three parts", "That looks like Better Auth's session token, not its JWT",
              jwt_not_session},
    CauseText{unfilled_placeholder, "not three parts", "The token is a placeholder that nobody filled in",
              "The client sends a value before it has one: let it wait for the token."},
    CauseText{
        encrypted_token, "not three parts",
        "That is an encrypted token (five parts), which no key here can open",
        "Let the issuer sign a JWT instead; Better Auth's cookie cache strategy 'jwe' is no access token."},
    CauseText{not_base64url, "malformed base64url", "The token is damaged: a part of it was cut or changed",
              "Copy it whole; if it comes so from the issuer, that encodes it wrongly."},
    CauseText{padded_base64, "malformed base64url",
              "The token is written in base64 with padding or + and /, not in base64url",
              "Encode it as RFC 7515 says: base64url without padding; a JWT library does."},
    CauseText{token_header, "malformed header", "The token's header is no strict JSON object",
              "Copy the token whole; if it comes so from the issuer, its header is malformed or names a "
              "member twice."},

    CauseText{other_algorithm, "unsupported algorithm",
              "The token is signed with an algorithm that the gate does not take",
              "Sign with HS256 and the shared secret, or with EdDSA, ES256, ES512, RS256 or PS256 and a "
              "published key."},
    CauseText{unsigned_token, "unsupported algorithm", "The token is not signed (alg none)",
              "Somebody made it up, or a test did: 'postern token --uid alice' makes one that is signed."},
    CauseText{key_pair_signed, "unsupported algorithm",
              "The token is signed by a key pair, and only a shared secret is configured",
              "Set BETTER_AUTH_URL, so that the keys that Better Auth publishes are used; or let it sign "
              "with the secret, see "
              "'Wiring' in the documentation."},
    CauseText{secret_signed, "unsupported algorithm",
              "The token is signed with a shared secret (HS256), and only key sets are configured",
              "Set BETTER_AUTH_SECRET too; or take the jwt plugin's sign option away, so that Better Auth "
              "signs with its key pair."},
    CauseText{other_type, "unsupported type",
              "The token's typ says that it is something else than an access token",
              "Send the access token; typ is absent, JWT or at+jwt in one."},
    CauseText{critical_extension, "critical extension",
              "The token demands an extension (crit, b64) that the gate does not know",
              "Let the issuer sign a plain JWT."},
    CauseText{key_of_other_algorithm, "algorithm of another key",
              "The key of that kid is for another algorithm",
              "Somebody changed the token's header, or the issuer publishes a wrong alg for that key."},

    CauseText{wrong_secret, "bad signature",
              "The token was signed with another secret than the configured ones", byte_for_byte},
    CauseText{secret_with_space, "bad signature",
              "The issuer's secret and the configured one differ by white space at an end",
              "Take the white space or newline off, or put it on at both sides: printf, not echo, and no "
              "second newline in the file."},
    CauseText{secret_in_quotes, "bad signature",
              "The issuer's secret and the configured one differ by quotes around it",
              "Take the quotes off: env files of docker and systemd keep what a shell would remove."},
    CauseText{secret_decoded, "bad signature",
              "The token was signed with the configured secret decoded from base64 or hexadecimal",
              "Let the issuer use the secret's text as it is, new TextEncoder().encode(secret): nothing is "
              "decoded."},
    CauseText{secret_encoded, "bad signature",
              "The token was signed with the secret that the configured one is the decoded form of",
              "Give Postern the text that Better Auth has, without decoding it."},
    CauseText{
        secret_prefixed, "bad signature",
        "The configured secret has something in front that the issuer's has not: a version or a name",
        "A list 2:new,1:old belongs into BETTER_AUTH_SECRETS; a file holds the secret alone, without NAME=."},
    CauseText{
        default_secret, "bad signature",
        "The token was signed with Better Auth's published default secret: the issuer has none of its own",
        "Set BETTER_AUTH_SECRET at the issuer at once: with the default anybody can be anybody."},
    CauseText{foreign_key_pair, "bad signature", "The key that the token names did not sign it",
              "Another Better Auth signed it, or another database stands behind this one; or somebody "
              "changed the token."},

    CauseText{token_payload, "malformed payload", "The token's payload is no strict JSON object",
              "Copy the token whole; if it comes so from the issuer, its payload is malformed or names a "
              "member twice."},
    CauseText{no_expiry, "missing expiry", "The token never expires (no exp)",
              "Set expirationTime: \"15m\" in Better Auth's jwt plugin."},
    CauseText{malformed_time, "malformed time", "exp, nbf or iat is no number",
              "They are seconds since 1970, as numbers: a JWT library writes them so."},
    CauseText{expired, "expired", "The token has expired",
              "Get a new one from GET /api/auth/token before each expiry. If it is new, this machine's clock "
              "is ahead: compare "
              "'date -u' on both."},
    CauseText{lifetime_as_moment, "expired",
              "The token's exp is a lifetime, where a moment in seconds since 1970 belongs",
              "Write expirationTime: \"15m\" as a string: the number 900 is a moment of 1970."},
    CauseText{not_yet_valid, "not yet valid",
              "The token is not valid yet (nbf): this machine's clock is behind the issuer's", ntp},
    CauseText{clock_behind, "issued in the future",
              "The token comes from the future (iat): this machine's clock is behind the issuer's", ntp},
    CauseText{issued_in_milliseconds, "issued in the future",
              "The token's iat is in milliseconds, where seconds belong",
              "Let the issuer write seconds: Math.floor(Date.now() / 1000)."},
    CauseText{lifetime_too_long, "lifetime too long",
              "The token lives longer than POSTERN_MAX_TOKEN_LIFETIME allows",
              "Shorten expirationTime at the issuer (\"15m\" is good), or raise POSTERN_MAX_TOKEN_LIFETIME."},
    CauseText{
        expiry_in_milliseconds, "lifetime too long",
        "The token's exp is in milliseconds, where seconds belong",
        "Let the issuer write seconds: Math.floor(Date.now() / 1000) + 900, or expirationTime: \"15m\"."},

    CauseText{wrong_issuer, "wrong issuer", "The token's iss is another than the configured one",
              issuer_remedy},
    CauseText{no_issuer, "wrong issuer", "The token has no iss, and one is demanded", issuer_remedy},
    CauseText{issuer_almost, "wrong issuer",
              "The token's iss differs from the configured one by case, scheme or an end", issuer_remedy},
    CauseText{wrong_audience, "wrong audience", "The token's aud does not hold the configured one",
              audience_remedy},
    CauseText{no_audience, "wrong audience", "The token has no aud, and one is demanded", audience_remedy},

    CauseText{no_uid, "missing uid", "The token names no user", define_payload},
    CauseText{sub_without_audience, "missing uid",
              "The token names its user in sub alone, which counts only where an audience is demanded",
              define_payload},
    CauseText{other_better_auth_token, "missing uid",
              "That is another token of Better Auth's under the same secret, not an access token",
              jwt_not_session},
    CauseText{malformed_uid, "malformed uid",
              "The claim that names the user is no text of 1 to 128 visible ASCII characters",
              "Let it hold the user's id as a string: uid: user.id, or String(user.id) for numbers."},
    CauseText{subject_mismatch, "subject mismatch", "The token's uid and its sub name two users",
              "Take the uid from user.id and from no field that users write themselves; "
              "POSTERN_SUB_MUST_MATCH=false lifts the check."},

    CauseText{id_token, "ID token", "That is an OpenID Connect ID token, which tells a client who logged in",
              "Send the access token instead."},
    CauseText{client_token, "client's own token",
              "That is a client's own token (client credentials): it names no user",
              "Let a user consent, or give machines paths of their own and users' tokens."},
    CauseText{bound_token, "bound to a key",
              "The token is bound to a key (cnf, DPoP), and sent as Bearer it has lost its proof",
              "Ask the issuer for a token without DPoP; only tokens bound to a TLS certificate can be proven "
              "here."},
    CauseText{bound_to_certificate, "bound to another certificate",
              "The token is bound to a TLS certificate that this connection did not show",
              "Send it over a TLS connection with its own certificate; Postern must have "
              "POSTERN_TLS_CLIENT_CA, and no proxy in front "
              "may end TLS."},
    CauseText{revoked, "revoked", "The token was revoked: POSTERN_REVOKED_FILE names it",
              "Log in again, or take the line out of the file."},
    CauseText{expired_while_streaming, "token expired while streaming",
              "The token ended while a body moved (POSTERN_CLOSE_AT_EXPIRY)",
              "Get a new token before a long transfer, or issue longer ones."},

    CauseText{unknown_key, "unknown key", "The issuer's key set has no key of the token's kid",
              "The token is of another Better Auth, of another database behind it, or of a key that was "
              "taken away: get a new one."},
    CauseText{no_key_set, "no key set", "The issuer's key set could not be had", issuer_logs},
    CauseText{key_set_behind, "the set may be behind",
              "The issuer's key set may be behind, and could not be fetched anew in time", issuer_logs},

    CauseText{no_rule, "no rule", "No rule names this path", list_rules},
    CauseText{no_rule_for_method, "no rule", "The rules name this path, but not for this method", list_rules},
    CauseText{another_user, "another user", "The path belongs to another user than the token",
              "Put the token's own uid into the path, or use that user's token; POSTERN_OVERRIDE opens paths "
              "of others to a role."},
    CauseText{other_case, "another user",
              "The path's user and the token's differ only in the case of letters",
              "Write the uid into the path byte for byte as the token has it."},
    CauseText{placeholder_user, "another user",
              "In the user's place of the path stands a placeholder or another name of the user",
              "Put the uid there: no 'me', no e-mail address, no unfilled {user_id}."},
    CauseText{hidden_rule, "another user", "A user rule hides the more general rule that you may have meant",
              "Name the path itself in POSTERN_TOKEN_PATHS or POSTERN_PUBLIC_PATHS: the most specific rule "
              "wins, so /api/health "
              "stands beside /api/{user_id}/**, and /api/** does not."},
    CauseText{condition_not_met, "condition not met", "The token lacks what the rule demands",
              "Let the issuer put that claim into the token, or correct the rule's condition; 'postern "
              "check' lists the rules."},

    CauseText{guessing, "too many bad tokens",
              "Too many invalid tokens came from this address (POSTERN_FAILED_AUTH_RATE)",
              "The log names the addresses; block them in front of Postern. Behind a balancer name it in "
              "POSTERN_TRUSTED_PROXIES, "
              "else all count as one."},
    CauseText{user_rate, "too many requests", "The user sent more than POSTERN_USER_RATE allows",
              "Wait as Retry-After says, or raise POSTERN_USER_RATE."},
    CauseText{connections, "too many connections", "POSTERN_MAX_CONNECTIONS connections are open",
              "Raise it, with the limit of open files, or add a replica."},

    CauseText{upstream_unreachable, "upstream unreachable",
              "The service refused the connection or did not answer it",
              "Start the service, or correct POSTERN_UPSTREAM as seen from where Postern runs: in a "
              "container 127.0.0.1 is that "
              "container."},
    CauseText{upstream_name, "upstream name has no address", "The name in POSTERN_UPSTREAM has no address",
              "Correct POSTERN_UPSTREAM, or the name service."},
    CauseText{upstream_closed, "upstream closed early", "The service closed the connection before an answer",
              "Look for crashes in its log; keep POSTERN_UPSTREAM_IDLE_TIMEOUT below its keep-alive "
              "(uvicorn's is 5 s)."},
    CauseText{upstream_timeout, "upstream timeout",
              "The service did not answer within POSTERN_RESPONSE_TIMEOUT",
              "Look for slow handlers in the service, or raise POSTERN_RESPONSE_TIMEOUT."},
    CauseText{upstream_malformed, "malformed upstream response", "The service's answer is malformed HTTP",
              "Look at what listens at POSTERN_UPSTREAM: HTTP/1.1, without TLS unless it is https://."},
    CauseText{upstream_head_too_large, "upstream head too large",
              "The head of the service's answer is larger than POSTERN_MAX_HEADER_BYTES",
              "Raise POSTERN_MAX_HEADER_BYTES, or set fewer cookies."},

    CauseText{secret_rotated, "",
              "Signatures that passed before fail now: the signing secret was changed at one side only",
              "Give Postern the secret that Better Auth signs with now; BETTER_AUTH_SECRETS takes the old "
              "and the new one while a "
              "rotation lasts."},
    CauseText{secret_never_right, "",
              "No token has passed yet, and many had a bad signature: Postern's secret is probably not the "
              "one that "
              "Better Auth signs with",
              byte_for_byte},
    CauseText{clock_ahead, "",
              "Nearly every token has expired: this machine's clock is ahead of Better Auth's, or clients no "
              "longer renew "
              "their tokens",
              "Compare 'date -u' on both machines and set them by NTP; else look at the client's call of "
              "/api/auth/token."},
    CauseText{issuer_of_most, "", "The issuer of most tokens is another than the configured one",
              issuer_remedy},
    CauseText{audience_of_most, "", "The audience of most tokens is another than the configured one",
              audience_remedy},
    CauseText{nobody_sends_tokens, "", "Nobody sends a token",
              "The client must send 'Authorization: Bearer TOKEN'; a session cookie is not read, and a proxy "
              "in front may drop the field."},
    CauseText{guessing_unlimited, "", "Somebody is guessing tokens",
              "None of them passed. POSTERN_FAILED_AUTH_RATE=5/s burst 20 stops such addresses early; the "
              "log names them."},
    CauseText{key_set_stale, "", "The key set is stale: its last fetch that went well is long ago",
              issuer_logs},
    CauseText{upstream_fails, "", "The service fails requests (502 or 504), though it can be reached",
              "Look for 'upstream' in Postern's log and for crashes and slow handlers in the service's; "
              "POSTERN_RESPONSE_TIMEOUT bounds "
              "how long it may take."},
};

constexpr bool in_order() {
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (static_cast<std::size_t>(table[i].cause) != i) return false;
  }
  return static_cast<std::size_t>(upstream_fails) + 1 == table.size();
}
static_assert(in_order());

}  // namespace

const CauseText& text_of(Cause cause) noexcept {
  return table[static_cast<std::size_t>(cause)];
}

Cause general_cause(std::string_view reason) noexcept {
  if (reason == "request line too long") return oversized_head;
  if (reason == "content too large") return oversized_body;
  if (reason == "token revoked while streaming") return revoked;
  const auto found = std::ranges::find(table, reason, &CauseText::reason);
  return found == table.end() ? malformed_head : found->cause;
}

std::span<const CauseText> all_causes() noexcept {
  return table;
}

}  // namespace postern::observe
