#include "gate/answer.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include "http/field_line.hpp"
#include "http/status_phrase.hpp"

namespace postern::gate {
namespace {

struct Text {
  unsigned status;
  std::string_view detail;
  std::string_view fields;  // what this answer alone carries, whole lines
};

// In the order of Answer. The challenges follow RFC 6750 3: no error code where no token was sent.
constexpr std::array<Text, 20> texts{{
    {0, "", ""},
    {400, "Bad Request", ""},
    {401, "Not authenticated", "WWW-Authenticate: Bearer\r\n"},
    {401, "Token expired",
     "WWW-Authenticate: Bearer error=\"invalid_token\", error_description=\"The token expired\"\r\n"},
    {401, "Invalid token",
     "WWW-Authenticate: Bearer error=\"invalid_token\", error_description=\"The token is invalid\"\r\n"},
    {403, "Forbidden", ""},
    {403, "Forbidden", "WWW-Authenticate: Bearer error=\"insufficient_scope\"\r\n"},
    {404, "Not Found", ""},
    // RFC 9110 15.5.6: Allow is a must. These are the methods that the gate lets through to a rule.
    {405, "Method Not Allowed", "Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n"},
    {408, "Request Timeout", ""},
    {413, "Content Too Large", ""},
    {414, "URI Too Long", ""},
    {431, "Request Header Fields Too Large", ""},
    {502, "Bad Gateway", ""},
    {503, "Service Unavailable", ""},
    {503, "Service Unavailable", ""},
    {503, "Service Unavailable", ""},
    {504, "Gateway Timeout", ""},
    {505, "HTTP Version Not Supported", ""},
    {429, "Too Many Requests", ""},
}};
static_assert(texts.size() == static_cast<std::size_t>(Answer::too_many_requests) + 1);

constexpr std::string_view body_start = "{\"detail\":\"";
constexpr std::string_view body_end = "\"}";

const Text& text_for(Answer answer) noexcept {
  return texts[static_cast<std::size_t>(answer)];
}

// RFC 9110 10.2.3.
void append_retry_after(std::string& out, unsigned status, const AnswerContext& context) {
  if (status != 503 && status != 429) return;
  const std::uint32_t seconds = std::max<std::uint32_t>(1, context.retry_after);
  http::append_field(out, "Retry-After", seconds);
  if (status != 429 || context.rate_limit == nullptr) return;
  http::begin_field(out, "RateLimit-Policy");
  out.append("\"user\";q=");
  http::append_number(out, context.rate_limit->quota);
  out.append(";w=");
  http::append_number(out, context.rate_limit->window);
  http::end_field(out);
  http::begin_field(out, "RateLimit");
  out.append("\"user\";r=0;t=");
  http::append_number(out, seconds);
  http::end_field(out);
}

// Fetch 3.2: without these a browser reports its own script a network error instead of the status.
void append_cors(std::string& out, const AnswerContext& context) {
  if (context.cors_origins == nullptr || context.cors_origins->empty()) return;
  const std::vector<std::string>& listed = *context.cors_origins;
  const bool any = std::find(listed.begin(), listed.end(), "*") != listed.end();
  const bool origin_listed =
      !context.origin.empty() && std::find(listed.begin(), listed.end(), context.origin) != listed.end();
  if (any || origin_listed) {
    http::append_field(out, "Access-Control-Allow-Origin", any ? "*" : context.origin);
    // Fetch 3.2.5: "*" never goes with credentials.
    if (!any) http::append_field(out, "Access-Control-Allow-Credentials", "true");
    http::append_field(out, "Access-Control-Expose-Headers", "WWW-Authenticate, X-Request-Id, Retry-After");
  }
  if (!any) http::append_field(out, "Vary", "Origin");
}

}  // namespace

unsigned status_of(Answer answer) noexcept {
  return text_for(answer).status;
}

std::string_view detail_of(Answer answer) noexcept {
  return text_for(answer).detail;
}

Answer answer_for_status(unsigned status) noexcept {
  switch (status) {
    case 405:
      return Answer::method_not_allowed;
    case 408:
      return Answer::request_timeout;
    case 413:
      return Answer::content_too_large;
    case 414:
      return Answer::uri_too_long;
    case 431:
      return Answer::head_too_large;
    case 505:
      return Answer::version_not_supported;
    default:
      return Answer::bad_request;
  }
}

void write_answer(std::string& out, Answer answer, const AnswerContext& context) {
  if (answer == Answer::none) return;
  const Text& text = text_for(answer);
  out.append("HTTP/1.1 ");
  http::append_number(out, text.status);
  out.append(" ").append(http::status_phrase(text.status)).append("\r\n");
  if (!context.date.empty()) http::append_field(out, "Date", context.date);
  // The constant lines leave in one piece: refusals are what an attack is made of.
  out.append("Content-Type: application/json\r\nContent-Length: ");
  http::append_number(out, body_start.size() + text.detail.size() + body_end.size());
  out.append("\r\nCache-Control: no-store\r\n").append(text.fields);
  append_retry_after(out, text.status, context);
  if (!context.request_id.empty()) http::append_field(out, "X-Request-Id", context.request_id);
  append_cors(out, context);
  if (!context.keep_alive) http::append_field(out, "Connection", "close");
  out.append("\r\n");
  if (!context.head_only) out.append(body_start).append(text.detail).append(body_end);
}

}  // namespace postern::gate
