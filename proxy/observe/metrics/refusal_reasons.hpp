#pragma once
// The closed list of reasons for which a request is refused, as the log names them: labels of the metrics,
// and what the status page adds up.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace postern::observe {

// What a reason speaks of.
enum class ReasonKind : std::uint8_t { request, credentials, token, key, path, rate };

struct RefusalReason {
  std::string_view name;
  ReasonKind kind;
};

inline constexpr std::array refusal_reasons = {
    // The head and its framing.
    RefusalReason{"malformed request line", ReasonKind::request},
    RefusalReason{"unsupported HTTP version", ReasonKind::request},
    RefusalReason{"request line too long", ReasonKind::request},
    RefusalReason{"head too large", ReasonKind::request},
    RefusalReason{"head timeout", ReasonKind::request},
    RefusalReason{"bare line feed", ReasonKind::request},
    RefusalReason{"bare carriage return", ReasonKind::request},
    RefusalReason{"malformed field name", ReasonKind::request},
    RefusalReason{"white space before colon", ReasonKind::request},
    RefusalReason{"obsolete line folding", ReasonKind::request},
    RefusalReason{"missing Host", ReasonKind::request},
    RefusalReason{"duplicate Host", ReasonKind::request},
    RefusalReason{"malformed Host", ReasonKind::request},
    RefusalReason{"malformed Content-Length", ReasonKind::request},
    RefusalReason{"duplicate Content-Length", ReasonKind::request},
    RefusalReason{"malformed Transfer-Encoding", ReasonKind::request},
    RefusalReason{"conflicting framing", ReasonKind::request},
    RefusalReason{"framing field spelled with underscore", ReasonKind::request},
    RefusalReason{"malformed connection option", ReasonKind::request},
    RefusalReason{"websocket upgrade with a body", ReasonKind::request},
    RefusalReason{"refused method", ReasonKind::request},
    RefusalReason{"two readings of the head differ", ReasonKind::request},
    RefusalReason{"malformed chunked body", ReasonKind::request},
    RefusalReason{"content too large", ReasonKind::request},
    RefusalReason{"body too large", ReasonKind::request},
    // The target.
    RefusalReason{"not origin-form or absolute-form", ReasonKind::request},
    RefusalReason{"malformed authority", ReasonKind::request},
    RefusalReason{"encoded slash", ReasonKind::request},
    RefusalReason{"backslash", ReasonKind::request},
    RefusalReason{"dot segment", ReasonKind::request},
    RefusalReason{"empty segment", ReasonKind::request},
    RefusalReason{"fragment", ReasonKind::request},
    RefusalReason{"control character", ReasonKind::request},
    RefusalReason{"non-ASCII byte", ReasonKind::request},
    RefusalReason{"malformed percent-encoding", ReasonKind::request},
    RefusalReason{"malformed UTF-8", ReasonKind::request},
    // The credentials.
    RefusalReason{"no credentials", ReasonKind::credentials},
    RefusalReason{"duplicate authorization", ReasonKind::credentials},
    RefusalReason{"other scheme", ReasonKind::credentials},
    RefusalReason{"malformed credentials", ReasonKind::credentials},
    // The token.
    RefusalReason{"token too large", ReasonKind::token},
    RefusalReason{"not three parts", ReasonKind::token},
    RefusalReason{"malformed base64url", ReasonKind::token},
    RefusalReason{"malformed header", ReasonKind::token},
    RefusalReason{"unsupported algorithm", ReasonKind::token},
    RefusalReason{"unsupported type", ReasonKind::token},
    RefusalReason{"critical extension", ReasonKind::token},
    RefusalReason{"algorithm of another key", ReasonKind::token},
    RefusalReason{"bad signature", ReasonKind::token},
    RefusalReason{"malformed payload", ReasonKind::token},
    RefusalReason{"missing expiry", ReasonKind::token},
    RefusalReason{"malformed time", ReasonKind::token},
    RefusalReason{"expired", ReasonKind::token},
    RefusalReason{"not yet valid", ReasonKind::token},
    RefusalReason{"issued in the future", ReasonKind::token},
    RefusalReason{"lifetime too long", ReasonKind::token},
    RefusalReason{"wrong issuer", ReasonKind::token},
    RefusalReason{"wrong audience", ReasonKind::token},
    RefusalReason{"missing uid", ReasonKind::token},
    RefusalReason{"malformed uid", ReasonKind::token},
    RefusalReason{"subject mismatch", ReasonKind::token},
    RefusalReason{"ID token", ReasonKind::token},
    RefusalReason{"client's own token", ReasonKind::token},
    RefusalReason{"bound to a key", ReasonKind::token},
    RefusalReason{"bound to another certificate", ReasonKind::token},
    RefusalReason{"revoked", ReasonKind::token},
    RefusalReason{"token expired while streaming", ReasonKind::token},
    RefusalReason{"token revoked while streaming", ReasonKind::token},
    // The key set: nobody can say yet whether the token is good.
    RefusalReason{"unknown key", ReasonKind::key},
    RefusalReason{"no key set", ReasonKind::key},
    RefusalReason{"the set may be behind", ReasonKind::key},
    // The path and whose it is.
    RefusalReason{"no rule", ReasonKind::path},
    RefusalReason{"another user", ReasonKind::path},
    RefusalReason{"condition not met", ReasonKind::path},
    // Rates and limits.
    RefusalReason{"too many bad tokens", ReasonKind::rate},
    RefusalReason{"too many requests", ReasonKind::rate},
    RefusalReason{"too many connections", ReasonKind::rate},
    // What a later version names and this list does not.
    RefusalReason{"other", ReasonKind::request},
};

inline constexpr std::size_t reason_count = refusal_reasons.size();
inline constexpr std::size_t other_reason = reason_count - 1;

// The reason's place in the list; other_reason for what is not in it. A look at one or two names.
std::size_t reason_index(std::string_view name) noexcept;

}  // namespace postern::observe
