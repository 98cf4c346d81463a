// Judges request heads in bulk, as the server does, and says what it would send upstream. One word of
// --broken puts something in the gate's place that is wrong in a known way: the machine that uses this tool
// must notice.
//
// judge_targets --secret SECRET --now UNIX_SECONDS [--broken NAME] [--override OVERRIDE]...
// [--claim-header NAME=CLAIM]... KIND=RULE...   (KIND: user, token, optional, public) Standard input:
// records, each a 32-bit little-endian length and that many bytes of a request head. Standard output: a
// record for each, "forward TAB kind TAB uid TAB reason LF head" or "refuse TAB status TAB uid TAB reason
// LF".

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "gate/claim_fields.hpp"
#include "gate/judge.hpp"
#include "http/forward_request.hpp"
#include "http/message_parser.hpp"

using namespace postern;

namespace {

constexpr std::size_t max_head_bytes = 16 * 1024;
constexpr std::string_view user_header = "X-User-Id";

// pass_through: no gate at all. raw_compare: the third segment of the path as it was sent. normalised: the
// third of the path decoded and without dot segments, but sent on as it came. keep_spelling: X_User_Id stays.
enum class Broken : std::uint8_t { nothing, pass_through, raw_compare, normalised, keep_spelling };

struct Judge {
  gate::Policy policy;
  std::vector<std::string> claim_headers;
  token::Verifier verifier;
  std::int64_t now;
  Broken broken;
  http::RequestHead head;
  route::Target target;
};

std::string refusal(unsigned status, std::string_view uid, std::string_view reason) {
  return "refuse\t" + std::to_string(status) + "\t" + std::string(uid) + "\t" + std::string(reason) + "\n";
}

// What every proxy does that trusts the bytes in front of it.
void write_unjudged(std::string& out, const http::RequestHead& head, std::string_view uid) {
  out.append(head.method).append(" ").append(head.target).append(" HTTP/1.1\r\n");
  for (const http::Field& field : head.fields) {
    if (http::equal_ignoring_case(field.name, user_header)) continue;
    out.append(field.name).append(": ").append(field.value).append("\r\n");
  }
  if (!uid.empty()) out.append(user_header).append(": ").append(uid).append("\r\n");
  out.append("\r\n");
}

std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> segments;
  for (std::size_t slash; (slash = path.find('/')) != path.npos; path.remove_prefix(slash + 1)) {
    segments.emplace_back(path.substr(0, slash));
  }
  segments.emplace_back(path);
  return segments;
}

std::string decode(std::string_view path) {
  std::string out;
  for (std::size_t at = 0; at < path.size(); ++at) {
    unsigned value = 0;
    const char* const digits = path.data() + at + 1;
    const bool encoded = path[at] == '%' && at + 2 < path.size() &&
                         std::from_chars(digits, digits + 2, value, 16).ptr == digits + 2;
    out.push_back(encoded ? static_cast<char>(value) : path[at]);
    if (encoded) at += 2;
  }
  return out;
}

std::vector<std::string> without_dots(const std::vector<std::string>& segments) {
  std::vector<std::string> kept = {""};
  for (const std::string& segment : segments) {
    if (segment == "..") {
      if (kept.size() > 1) kept.pop_back();
    } else if (!segment.empty() && segment != ".") {
      kept.push_back(segment);
    }
  }
  return kept;
}

std::string judge_broken(Judge& judge) {
  const auto credentials = gate::find_credentials(judge.head, gate::WebSocketToken::header_only);
  const auto verified = judge.verifier.verify(credentials.token, judge.now);
  const std::string_view uid = verified.uid.view();
  const std::string_view path = judge.head.target.substr(0, judge.head.target.find('?'));
  const auto segments = judge.broken == Broken::normalised ? without_dots(split(decode(path))) : split(path);
  if (judge.broken != Broken::pass_through && (uid.empty() || segments.size() < 3 || segments[2] != uid)) {
    return refusal(403, uid, "another segment");
  }
  std::string out = "forward\tuser\t" + std::string(uid) + "\tunjudged\n";
  write_unjudged(out, judge.head, uid);
  return out;
}

std::string forwarded(Judge& judge, const gate::Verdict& verdict) {
  http::UpstreamRequest request;
  request.target = judge.target.origin_form();
  request.authority = judge.target.authority().empty() ? judge.head.host : judge.target.authority();
  request.identity_header = user_header;
  request.uid = verdict.uid.view();
  request.claim_headers = judge.claim_headers;
  std::string claim_fields;
  gate::append_claim_fields(claim_fields, judge.policy.claim_headers, verdict.claims);
  request.claim_fields = claim_fields;
  request.overridden = verdict.overridden;
  request.forward_authorization = !verdict.preflight;
  request.peer_address = "192.0.2.1";
  request.request_id = "r";
  request.websocket = judge.head.websocket_upgrade;
  request.strip_bearer_subprotocol = verdict.bearer_subprotocol;
  std::string out = "forward\t";
  out.append(verdict.preflight ? "preflight" : route::text_of(verdict.rule->kind)).append("\t");
  out.append(verdict.uid.view()).append("\t").append(verdict.reason).append("\n");
  http::write_request_head(out, judge.head, request);
  if (judge.broken == Broken::keep_spelling) {
    out.resize(out.size() - 2);
    for (const http::Field& field : judge.head.fields) {
      if (http::equal_when_folded(field.name, user_header) && field.name.find('_') != std::string_view::npos)
        out.append(field.name).append(": ").append(field.value).append("\r\n");
    }
    out.append("\r\n");
  }
  return out;
}

std::string answer(Judge& judge, std::string_view bytes) {
  http::RequestParser parser(max_head_bytes);
  switch (parser.parse(bytes, judge.head)) {
    case http::ParseState::incomplete:
      return refusal(408, {}, "head is not whole");
    case http::ParseState::refused:
      return refusal(http::status_of(parser.fault()), {}, http::text_of(parser.fault()));
    case http::ParseState::complete:
      break;
  }
  if (judge.broken != Broken::nothing && judge.broken != Broken::keep_spelling) return judge_broken(judge);
  const auto verdict = gate::judge(judge.head, judge.policy, judge.verifier, judge.now, judge.target);
  if (verdict.forward()) return forwarded(judge, verdict);
  return refusal(gate::status_of(verdict.answer), verdict.uid.view(), verdict.reason);
}

bool read_record(std::string& bytes) {
  unsigned char digits[4];
  if (std::fread(digits, 1, 4, stdin) != 4) return false;
  std::size_t size = 0;
  for (std::size_t at = 4; at-- > 0;) size = size << 8U | digits[at];
  bytes.resize(size);
  return std::fread(bytes.data(), 1, bytes.size(), stdin) == bytes.size();
}

void write_record(const std::string& bytes) {
  const auto size = static_cast<std::uint32_t>(bytes.size());
  const unsigned char length[4] = {static_cast<unsigned char>(size), static_cast<unsigned char>(size >> 8U),
                                   static_cast<unsigned char>(size >> 16U),
                                   static_cast<unsigned char>(size >> 24U)};
  std::fwrite(length, 1, 4, stdout);
  std::fwrite(bytes.data(), 1, bytes.size(), stdout);
}

int usage(std::string_view problem) {
  std::fprintf(stderr, "judge_targets: %.*s\n", static_cast<int>(problem.size()), problem.data());
  return 2;
}

}  // namespace

int main(int count, char** values) {
  std::vector<route::Rule> rules;
  gate::Policy policy;
  std::string secret;
  std::int64_t now = 0;
  Broken broken = Broken::nothing;
  for (int at = 1; at < count; ++at) {
    const std::string_view word = values[at];
    const std::size_t equals = word.find('=');
    if (word.starts_with("--") && at + 1 < count) {
      const std::string value = values[++at];
      const auto known = {"", "pass-through", "raw-compare", "normalised", "keep-spelling"};
      const auto found = std::find(known.begin(), known.end(), value);
      if (word == "--secret") {
        secret = value;
      } else if (word == "--now") {
        now = std::stoll(value);
      } else if (word == "--broken" && found != known.end()) {
        broken = static_cast<Broken>(std::distance(known.begin(), found));
      } else if (word == "--override") {
        auto one = route::parse_override(value);
        if (const auto* problem = std::get_if<std::string>(&one)) return usage(*problem);
        policy.overrides.push_back(std::get<route::Override>(std::move(one)));
      } else if (word == "--claim-header" && value.find('=') != value.npos) {
        policy.claim_headers.push_back({value.substr(0, value.find('=')), value.substr(value.find('=') + 1)});
      } else {
        return usage(std::string(word) + " " + value);
      }
    } else if (equals != std::string_view::npos) {
      const std::string_view kind = word.substr(0, equals);
      const auto meant = kind == "user"       ? route::RuleKind::user
                         : kind == "token"    ? route::RuleKind::any_token
                         : kind == "optional" ? route::RuleKind::optional
                                              : route::RuleKind::open;
      auto rule = route::parse_rule(word.substr(equals + 1), meant);
      if (const auto* problem = std::get_if<std::string>(&rule)) return usage(*problem);
      rules.push_back(std::get<route::Rule>(std::move(rule)));
    } else {
      return usage(word);
    }
  }
  if (secret.empty() || rules.empty()) return usage("needs --secret, --now and rules");
  token::ClaimsPolicy claims;
  claims.kept_claims = route::keep_claims(rules, policy.overrides, policy.claim_headers);
  policy.rules = route::RuleTable(std::move(rules));
  std::vector<std::string> names;
  for (const route::ClaimHeader& header : policy.claim_headers) names.push_back(header.name);
  Judge judge{std::move(policy),
              std::move(names),
              token::Verifier(std::make_shared<const token::SharedSecrets>(std::vector<std::string>{secret}),
                              std::move(claims)),
              now,
              broken,
              {},
              {}};
  for (std::string bytes; read_record(bytes);) write_record(answer(judge, bytes));
  return 0;
}
