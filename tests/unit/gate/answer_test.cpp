#include "gate/answer.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using namespace postern::gate;

namespace {

std::string written(Answer answer, const AnswerContext& context) {
  std::string out;
  write_answer(out, answer, context);
  return out;
}

AnswerContext usual_context() {
  AnswerContext context;
  context.date = "Sun, 06 Nov 1994 08:49:37 GMT";
  context.request_id = "r-1";
  return context;
}

}  // namespace

TEST_CASE("each answer has exactly these bytes") {
  struct Row {
    Answer answer;
    std::string_view status_line;
    std::string_view length;
    std::string_view own_fields;
    std::string_view body;
  };
  const Row rows[] = {
      {Answer::bad_request, "400 Bad Request", "24", "", R"({"detail":"Bad Request"})"},
      {Answer::unauthenticated, "401 Unauthorized", "30", "WWW-Authenticate: Bearer\r\n",
       R"({"detail":"Not authenticated"})"},
      {Answer::token_expired, "401 Unauthorized", "26",
       "WWW-Authenticate: Bearer error=\"invalid_token\", error_description=\"The token expired\"\r\n",
       R"({"detail":"Token expired"})"},
      {Answer::token_invalid, "401 Unauthorized", "26",
       "WWW-Authenticate: Bearer error=\"invalid_token\", error_description=\"The token is invalid\"\r\n",
       R"({"detail":"Invalid token"})"},
      {Answer::forbidden, "403 Forbidden", "22", "", R"({"detail":"Forbidden"})"},
      {Answer::not_found, "404 Not Found", "22", "", R"({"detail":"Not Found"})"},
      {Answer::method_not_allowed, "405 Method Not Allowed", "31",
       "Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n", R"({"detail":"Method Not Allowed"})"},
      {Answer::request_timeout, "408 Request Timeout", "28", "", R"({"detail":"Request Timeout"})"},
      {Answer::content_too_large, "413 Content Too Large", "30", "", R"({"detail":"Content Too Large"})"},
      {Answer::uri_too_long, "414 URI Too Long", "25", "", R"({"detail":"URI Too Long"})"},
      {Answer::head_too_large, "431 Request Header Fields Too Large", "44", "",
       R"({"detail":"Request Header Fields Too Large"})"},
      {Answer::bad_gateway, "502 Bad Gateway", "24", "", R"({"detail":"Bad Gateway"})"},
      {Answer::overloaded, "503 Service Unavailable", "32", "Retry-After: 1\r\n",
       R"({"detail":"Service Unavailable"})"},
      {Answer::upstream_unavailable, "503 Service Unavailable", "32", "Retry-After: 1\r\n",
       R"({"detail":"Service Unavailable"})"},
      {Answer::key_unavailable, "503 Service Unavailable", "32", "Retry-After: 1\r\n",
       R"({"detail":"Service Unavailable"})"},
      {Answer::gateway_timeout, "504 Gateway Timeout", "28", "", R"({"detail":"Gateway Timeout"})"},
      {Answer::version_not_supported, "505 HTTP Version Not Supported", "39", "",
       R"({"detail":"HTTP Version Not Supported"})"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.status_line);
    std::string expected;
    expected.append("HTTP/1.1 ").append(row.status_line);
    expected +=
        "\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Type: application/json\r\nContent-Length: ";
    expected.append(row.length).append("\r\nCache-Control: no-store\r\n").append(row.own_fields);
    expected += "X-Request-Id: r-1\r\n\r\n";
    AnswerContext context = usual_context();
    CHECK(written(row.answer, context) == expected + std::string(row.body));
    context.head_only = true;
    CHECK(written(row.answer, context) == expected);
    CHECK(row.length == std::to_string(row.body.size()));
    CHECK(row.status_line.substr(0, 3) == std::to_string(status_of(row.answer)));
    CHECK(row.body == "{\"detail\":\"" + std::string(detail_of(row.answer)) + "\"}");
  }
}

TEST_CASE("what is forwarded has no answer") {
  CHECK(status_of(Answer::none) == 0);
  CHECK(written(Answer::none, usual_context()).empty());
}

TEST_CASE("an answer is appended to what is already there") {
  std::string out = "before";
  write_answer(out, Answer::forbidden, {});
  CHECK(out ==
        "beforeHTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nContent-Length: 22\r\n"
        "Cache-Control: no-store\r\n\r\n{\"detail\":\"Forbidden\"}");
}

TEST_CASE("an answer that ends the connection says so last") {
  AnswerContext context = usual_context();
  context.keep_alive = false;
  CHECK(written(Answer::forbidden, context) ==
        "HTTP/1.1 403 Forbidden\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Type: application/json\r\n"
        "Content-Length: 22\r\nCache-Control: no-store\r\nX-Request-Id: r-1\r\nConnection: close\r\n\r\n"
        "{\"detail\":\"Forbidden\"}");
}

TEST_CASE("a browser may read the answer only from a listed origin") {
  const std::vector<std::string> listed = {"https://app.test", "http://localhost:3000"};
  const std::vector<std::string> anyone = {"https://app.test", "*"};
  const std::vector<std::string> nobody;
  const std::string expose = "Access-Control-Expose-Headers: WWW-Authenticate, X-Request-Id, Retry-After\r\n";
  const std::string vary = "Vary: Origin\r\n";
  const auto allow = [&](const std::string& origin) {
    return "Access-Control-Allow-Origin: " + origin + "\r\n" + expose;
  };
  struct Row {
    std::string_view why;
    std::string_view origin;
    const std::vector<std::string>* cors_origins;
    std::string fields;
  };
  const Row rows[] = {
      {"listed", "https://app.test", &listed, allow("https://app.test") + vary},
      {"listed second", "http://localhost:3000", &listed, allow("http://localhost:3000") + vary},
      {"not listed", "https://evil.test", &listed, vary},
      {"another case", "https://APP.test", &listed, vary},
      {"a longer name", "https://app.test.evil", &listed, vary},
      {"two in one", "https://app.test, https://evil.test", &listed, vary},
      {"null", "null", &listed, vary},
      {"a literal star is no origin", "*", &listed, vary},
      {"no Origin", "", &listed, vary},
      {"anyone", "https://evil.test", &anyone, allow("*")},
      {"anyone, no Origin", "", &anyone, allow("*")},
      {"empty list", "https://app.test", &nobody, ""},
      {"not configured", "https://app.test", nullptr, ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    AnswerContext context = usual_context();
    context.origin = row.origin;
    context.cors_origins = row.cors_origins;
    context.keep_alive = false;
    CHECK(
        written(Answer::not_found, context) ==
        "HTTP/1.1 404 Not Found\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Type: application/json\r\n"
        "Content-Length: 22\r\nCache-Control: no-store\r\nX-Request-Id: r-1\r\n" +
            row.fields + "Connection: close\r\n\r\n{\"detail\":\"Not Found\"}");
  }
}
