#pragma once
// The answers that the gate gives itself: JSON in FastAPI's shape, never cacheable, never naming the check
// that failed.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace postern::gate {

enum class Answer : std::uint8_t {
  none,                   // not answered here: forwarded
  bad_request,            // 400
  unauthenticated,        // 401, no credentials
  token_expired,          // 401
  token_invalid,          // 401
  forbidden,              // 403
  not_found,              // 404
  method_not_allowed,     // 405
  request_timeout,        // 408
  content_too_large,      // 413
  uri_too_long,           // 414
  head_too_large,         // 431
  bad_gateway,            // 502
  overloaded,             // 503, Retry-After: 1
  upstream_unavailable,   // 503, Retry-After: 1
  key_unavailable,        // 503, Retry-After: 1
  gateway_timeout,        // 504
  version_not_supported,  // 505
};

// 0 for none.
unsigned status_of(Answer answer) noexcept;

// "Not authenticated", "Token expired", "Invalid token", "Forbidden", ...: all that the client learns.
std::string_view detail_of(Answer answer) noexcept;

// For the statuses of http::HeadFault; bad_request for all others.
Answer answer_for_status(unsigned status) noexcept;

struct AnswerContext {
  bool head_only = false;  // HEAD: the same head, no body
  bool keep_alive = true;  // false writes Connection: close
  std::string_view date;   // IMF-fixdate (RFC 9110 5.6.7), e.g. "Sun, 06 Nov 1994 08:49:37 GMT"; empty: none
  std::string_view request_id;  // X-Request-Id, already known to be sane; empty: none
  std::string_view origin;      // the request's Origin; empty: none
  // POSTERN_CORS_ORIGINS; null or empty: no CORS fields.
  const std::vector<std::string>* cors_origins = nullptr;
};

// Appends a whole HTTP/1.1 response to `out`; nothing for Answer::none. With CORS configured: an Origin that
// is listed, byte for byte, gets Access-Control-Allow-Origin and Access-Control-Expose-Headers, and every
// answer gets Vary: Origin; a listed "*" gives Access-Control-Allow-Origin: * to all (Fetch 3.2.3), hence no
// Vary.
void write_answer(std::string& out, Answer answer, const AnswerContext& context);

}  // namespace postern::gate
