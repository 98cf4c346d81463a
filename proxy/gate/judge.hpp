#pragma once
// The decision: one pure function over the parsed head, the policy, the keys and the time. The server runs it
// per request, `postern explain` prints it, the tests tabulate it, the fuzzers hammer it.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gate/answer.hpp"
#include "gate/credentials.hpp"
#include "http/message.hpp"
#include "route/claim_use.hpp"
#include "route/rule_table.hpp"
#include "route/target.hpp"
#include "token/claim_value.hpp"
#include "token/uid.hpp"
#include "token/verifier.hpp"

namespace postern::gate {

// Immutable while requests are judged; shared by all threads. Conditions, overrides and headers refer to the
// claims that the verifier keeps: see route::keep_claims().
struct Policy {
  route::RuleTable rules;
  std::vector<route::Override> overrides;         // whom other users' paths are open to
  std::vector<route::ClaimHeader> claim_headers;  // by name in lower case; for whoever writes the head
  bool forward_preflight = true;                  // POSTERN_CORS_PREFLIGHT=reject makes it false
  bool forward_authorization = true;  // for whoever writes the head; the decision does not depend on it
  WebSocketToken websocket_token = WebSocketToken::header_only;
  std::uint64_t max_body_bytes = 100ULL << 20;
};

// What the decision needs to know of the connection and of what was tried for this request.
struct Circumstances {
  token::ClientCertificate certificate;  // of this TLS connection, verified by its handshake
  // A fetch of the wanted set that began after this request came has succeeded, and the verifier has its
  // keys: a key that is still unknown then is no key of the issuer's.
  bool fetched = false;
};

// The steps of the decision, in their order.
enum class Step : std::uint8_t { head, target, rule, credentials, token, route, owner, condition, forward };
std::string_view text_of(Step step) noexcept;

struct Verdict {
  Answer answer = Answer::bad_request;  // none: forward
  Step step = Step::head;               // the step that decided
  std::string_view reason;              // static text for the log and the metrics: "ok", "encoded slash", ...
  const route::Rule* rule = nullptr;    // the rule that matched, if any; owned by the policy
  token::Uid uid;                       // once verified, also when refused later; empty without a valid token
  std::int64_t expires_at = 0;          // Unix seconds; meaningful when uid is set
  // The verified claims, as Verification::claims and valid as long; empty where uid is.
  std::span<const token::ClaimValue> claims{};
  token::Revocable revocable;  // likewise: what a later revocation can name of the token
  // Set with Answer::key_unavailable: what is missing. Where it is fetchable the caller may wait for a fetch
  // and judge again; the answer stands where it cannot.
  std::optional<token::KeyWanted> key_wanted;
  bool overridden = false;  // another user's path, open to this token: X-Postern-Override tells the service
  bool shadow = false;      // forwarded although step and reason say why not: see shadow.hpp
  bool preflight = false;   // a CORS preflight forwarded without identity and Authorization
  bool bearer_subprotocol = false;  // "bearer" and a token in Sec-WebSocket-Protocol: never passed on
  bool must_close = false;  // the connection ends after the answer (malformed, ambiguous or too large)

  [[nodiscard]] bool forward() const noexcept { return answer == Answer::none; }
};

// Judges a head that the head parser accepted: target, rule, credentials, token, route, owner, condition, in
// this order. `target` is filled from the head and belongs to the caller; `now` is Unix seconds. A token that
// only lacks its key is answered key_unavailable, see Verdict::key_wanted; but an unknown key is
// token_invalid where a fetch has shown, or a file says, that the issuer has none such. What would be
// forwarded but declares a Content-Length over policy.max_body_bytes is content_too_large. A CORS preflight
// is OPTIONS without a body, with Origin and Access-Control-Request-Method once each and neither named in
// Connection, on a path that some rule names whatever its methods; all other OPTIONS are ordinary requests.
Verdict judge(const http::RequestHead& head, const Policy& policy, token::Verifier& verifier,
              std::int64_t now, route::Target& target, const Circumstances& circumstances = {});

// The same in two halves, for whoever has something to do between them or verifies in another way.
struct Judged {
  Verdict verdict;
  std::string_view user_id;  // the decoded {user_id} segment of a user rule
  std::string_view token;    // what is still to be verified, a view into the head; empty: the verdict stands
};
// Target, rule and credentials.
Judged judge_head(const http::RequestHead& head, const Policy& policy, route::Target& target);
// Token, route, owner and condition, once `judged.token` is verified. `target` as judge_head() left it.
void judge_token(Judged& judged, const token::Verification& verification, const http::RequestHead& head,
                 const Policy& policy, const route::Target& target, const Circumstances& circumstances = {});

// Whether `token`, which judge_head() found and nobody remembers, is one by its characters; refuses it if
// not.
bool may_be_token(std::string_view token, Verdict& verdict) noexcept;

// Refuses what would be forwarded but declares too large a body.
void check_size(const http::RequestHead& head, const Policy& policy, Verdict& verdict) noexcept;

// What a rate makes of a verdict: 429. What is known of rule and user stays.
Verdict refuse_rate(Verdict verdict, Step step, std::string_view reason) noexcept;

// The verdict on a head that the parser refused.
Verdict refuse_head(unsigned status, std::string_view reason) noexcept;

}  // namespace postern::gate
