#pragma once
// A policy's own tests: requests with the statuses that the gate is to give them.
//
//   # the owner alone
//   GET /api/alice/tasks as alice -> 200
//   DELETE /api/orgs/o1 as bob role=admin activeOrganizationId=o2 -> 403

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "gate/judge.hpp"
#include "token/claim_value.hpp"

namespace postern::command {

// A claim by its text, which owns its memory.
struct GivenClaim {
  std::string name;
  token::ClaimValue::Kind kind = token::ClaimValue::Kind::string;
  std::string text;
  std::vector<std::pair<token::ClaimText::Kind, std::string>> members;  // of a list
};

struct PolicyCase {
  std::size_t line = 0;  // from 1
  std::string text;      // of the line
  std::string method;
  std::string target;
  std::optional<std::string> uid;  // nothing: without credentials
  std::vector<GivenClaim> claims;
  unsigned status = 0;  // 200: forwarded
};

// Lines `METHOD TARGET [as UID[ claim=value...]] -> STATUS`; blank ones and those that begin with '#' are
// passed over. A value is JSON if it can be read so (7, true, ["a","b"]), else text. The cases, or every
// problem, each with the number of its line.
std::variant<std::vector<PolicyCase>, std::vector<std::string>> parse_policy_cases(std::string_view text);

struct PolicyResult {
  unsigned status = 0;      // 200: forwarded
  std::string_view reason;  // of the verdict
};

// What the gate would do, given a good token for the case's uid. Its claims are the case's, and `sub` and
// `uid` unless the case says otherwise. `kept_claims` are those that the policy's conditions refer to. Shadow
// mode does not count.
PolicyResult judge_case(const PolicyCase& one, const gate::Policy& policy,
                        std::span<const std::string> kept_claims);

}  // namespace postern::command
