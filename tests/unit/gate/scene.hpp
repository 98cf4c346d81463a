#pragma once
// A policy, keys and a clock that stands still: what a request is judged with in these tests.

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "gate/judge.hpp"
#include "http/message_parser.hpp"
#include "token/sign.hpp"

namespace postern::gate::test {

inline constexpr std::int64_t now = 1'700'000'000;
inline constexpr std::string_view secret = "the secret that only these tests know";

using Templates = std::vector<std::pair<route::RuleKind, std::string_view>>;

inline route::RuleTable rules_from(const Templates& templates) {
  std::vector<route::Rule> rules;
  for (const auto& [kind, text] : templates)
    rules.push_back(std::get<route::Rule>(route::parse_rule(text, kind)));
  return route::RuleTable(std::move(rules));
}

inline Policy usual_policy() {
  Policy policy;
  policy.rules = rules_from({{route::RuleKind::user, "/api/{user_id}/**"},
                             {route::RuleKind::any_token, "/shared/**"},
                             {route::RuleKind::open, "/public/**"}});
  policy.max_body_bytes = 1000;
  return policy;
}

inline std::string signed_payload(std::string_view payload) {
  return token::sign_hs256(payload, secret);
}

inline std::string token_of(std::string_view uid, std::int64_t expires_at = now + 600) {
  std::string payload = "{\"uid\":\"";
  for (const char character : uid) {
    if (character == '"' || character == '\\') payload += '\\';
    payload += character;
  }
  return signed_payload(payload + "\",\"exp\":" + std::to_string(expires_at) + "}");
}

inline std::string bearer(std::string_view uid) {
  return "Authorization: Bearer " + token_of(uid);
}

// The bytes of a request head; Host comes first, then the lines as given.
inline std::string request(std::string_view method, std::string_view target,
                           const std::vector<std::string>& lines = {}) {
  std::string bytes;
  bytes.append(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: gate.test\r\n");
  for (const std::string& line : lines) bytes.append(line).append("\r\n");
  return bytes + "\r\n";
}

// Parses and judges as a connection does. The views of the last verdict and head hold until the next call.
class Scene {
 public:
  explicit Scene(Policy policy = usual_policy())
      : policy_(std::move(policy)),
        verifier_(std::make_shared<token::SharedSecrets>(std::vector<std::string>{std::string(secret)}), {}) {
  }

  Verdict judge(std::string bytes) {
    bytes_ = std::move(bytes);
    http::RequestParser parser(1 << 16);
    const http::ParseState state = parser.parse(bytes_, head);
    if (state == http::ParseState::refused) {
      return refuse_head(http::status_of(parser.fault()), http::text_of(parser.fault()));
    }
    if (state == http::ParseState::incomplete) return refuse_head(400, "the test's request is not whole");
    return judge_head();
  }

  Verdict judge_head() { return gate::judge(head, policy_, verifier_, now, target); }

  http::RequestHead head;
  route::Target target;

 private:
  Policy policy_;
  token::Verifier verifier_;
  std::string bytes_;
};

}  // namespace postern::gate::test
