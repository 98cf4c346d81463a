#include "command/policy_cases.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "config/values/values.hpp"
#include "http/message_parser.hpp"
#include "route/rule.hpp"

namespace postern::command {
namespace {

namespace json = boost::json;
using token::ClaimText;
using token::ClaimValue;

// RFC 8259 6, without fraction and exponent.
bool is_integer(std::string_view text) noexcept {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && (text.front() != '0' || text.size() == 1) &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<std::pair<ClaimText::Kind, std::string>> scalar(const json::value& value) {
  if (value.is_string()) return std::pair(ClaimText::Kind::string, std::string(value.get_string()));
  if (value.is_bool())
    return std::pair(ClaimText::Kind::boolean, std::string(value.get_bool() ? "true" : "false"));
  if (value.is_int64() || value.is_uint64())
    return std::pair(ClaimText::Kind::integer, json::serialize(value));
  return std::nullopt;
}

void fill(GivenClaim& claim, const json::value& value) {
  if (const auto one = scalar(value)) {
    claim.kind = one->first == ClaimText::Kind::string    ? ClaimValue::Kind::string
                 : one->first == ClaimText::Kind::boolean ? ClaimValue::Kind::boolean
                                                          : ClaimValue::Kind::integer;
    claim.text = one->second;
    return;
  }
  claim.kind = ClaimValue::Kind::other;
  if (!value.is_array()) return;
  for (const json::value& member : value.get_array()) {
    auto one = scalar(member);
    if (!one) return;
    claim.members.push_back(std::move(*one));
  }
  claim.kind = ClaimValue::Kind::list;
}

GivenClaim claim_from(std::string_view word) {
  const std::size_t equals = word.find('=');
  const std::string_view text = word.substr(equals + 1);
  GivenClaim claim;
  claim.name = word.substr(0, equals);
  claim.text = text;
  boost::system::error_code error;
  const json::value value = json::parse(text, error);
  if (is_integer(text)) {
    claim.kind = ClaimValue::Kind::integer;
  } else if (!error) {
    fill(claim, value);
  }
  return claim;
}

// What is wrong with the words of a line, or nothing.
std::string read_case(std::span<const std::string_view> words, PolicyCase& one) {
  constexpr std::string_view form = "wants METHOD TARGET [as UID[ claim=value...]] -> STATUS";
  if (words.size() < 4 || words[words.size() - 2] != "->") return std::string(form);
  const auto status = config::parse_number(words.back());
  if (!status || *status < 100 || *status > 599) return config::shown(words.back()) + " is no status";
  one.status = static_cast<unsigned>(*status);
  one.method = words[0];
  one.target = words[1];
  const auto who = words.subspan(2, words.size() - 4);
  if (who.empty()) return {};
  if (who.size() < 2 || who[0] != "as") return std::string(form);
  if (!token::Uid::from(who[1])) return config::shown(who[1]) + " is no user id";
  one.uid = who[1];
  for (const std::string_view word : who.subspan(2)) {
    const std::size_t equals = word.find('=');
    if (equals == 0 || equals == word.npos) return config::shown(word) + " is not claim=value";
    one.claims.push_back(claim_from(word));
  }
  return {};
}

// The claims in the order of `names`; views into `one` and `members`.
std::vector<ClaimValue> claims_of(const PolicyCase& one, std::span<const std::string> names,
                                  std::vector<std::vector<ClaimText>>& members) {
  std::vector<ClaimValue> values;
  members.reserve(names.size());
  for (const std::string& name : names) {
    ClaimValue& value = values.emplace_back();
    const auto found = std::find_if(one.claims.begin(), one.claims.end(),
                                    [&name](const GivenClaim& claim) { return claim.name == name; });
    if (found == one.claims.end()) {
      if (name == "sub" || name == "uid") value = {ClaimValue::Kind::string, *one.uid, {}};
      continue;
    }
    value.kind = found->kind;
    if (found->kind == ClaimValue::Kind::list) {
      auto& list = members.emplace_back();
      for (const auto& [kind, text] : found->members) list.push_back({kind, text});
      value.list = list;
    } else if (found->kind != ClaimValue::Kind::other) {
      value.text = found->text;
    }
  }
  return values;
}

PolicyResult result_of(const gate::Verdict& verdict) {
  return {verdict.forward() ? 200 : gate::status_of(verdict.answer), verdict.reason};
}

}  // namespace

std::variant<std::vector<PolicyCase>, std::vector<std::string>> parse_policy_cases(std::string_view text) {
  std::vector<PolicyCase> cases;
  std::vector<std::string> problems;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = config::trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.starts_with('#')) continue;
    PolicyCase one;
    one.line = number;
    one.text = line;
    const auto words = route::words_of(line);
    const std::string problem = read_case(words, one);
    if (!problem.empty()) problems.push_back("line " + std::to_string(number) + ": " + problem);
    cases.push_back(std::move(one));
  }
  if (!problems.empty()) return problems;
  return cases;
}

PolicyResult judge_case(const PolicyCase& one, const gate::Policy& policy,
                        std::span<const std::string> kept_claims) {
  std::string bytes = one.method + " " + one.target + " HTTP/1.1\r\nHost: localhost\r\n";
  if (one.uid) bytes += "Authorization: Bearer policy\r\n";
  bytes += "\r\n";
  http::RequestParser parser(bytes.size() + 1);
  http::RequestHead head;
  if (parser.parse(bytes, head) != http::ParseState::complete || parser.head_size() != bytes.size())
    return {http::status_of(parser.fault()), http::text_of(parser.fault())};
  route::Target target;
  gate::Judged judged = gate::judge_head(head, policy, target);
  if (judged.token.empty()) return result_of(judged.verdict);
  std::vector<std::vector<ClaimText>> members;
  const std::vector<ClaimValue> claims = claims_of(one, kept_claims, members);
  token::Verification verification;
  verification.uid = *token::Uid::from(*one.uid);
  verification.claims = claims;
  gate::judge_token(judged, verification, head, policy, target);
  return result_of(judged.verdict);
}

}  // namespace postern::command
