#pragma once
// What else uses a verified token's claims beside the conditions of rules, and which claims those all need.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "route/rule.hpp"

namespace postern::route {

// `[METHOD|... ]claim=value`: a token that meets it may use other users' paths, by default with GET and HEAD.
struct Override {
  std::vector<std::string> methods;  // as Rule::methods, never empty
  Condition condition;               // claim=value
  std::string text;                  // as configured
};
std::variant<Override, std::string> parse_override(std::string_view text);

// A claim that is sent upstream in a header of its own.
struct ClaimHeader {
  std::string name;   // as configured, e.g. "X-User-Role"
  std::string claim;  // a top-level name
  std::size_t kept = 0;
};

// The names of the claims that the rules, overrides and headers need, each once: what
// ClaimsPolicy::kept_claims has to be. Sets `kept` everywhere to the position in that list.
std::vector<std::string> keep_claims(std::span<Rule> rules, std::span<Override> overrides,
                                     std::span<ClaimHeader> headers);

// Claims that users of Better Auth write themselves: name, email, image, username, displayUsername.
bool is_user_writable(std::string_view claim) noexcept;

}  // namespace postern::route
