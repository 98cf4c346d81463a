#pragma once
// Rules that would cover a service, made from its operations.

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "openapi/document.hpp"
#include "route/rule_table.hpp"

namespace postern::openapi {

// Values for POSTERN_USER_PATHS, _TOKEN_PATHS, _OPTIONAL_PATHS and _PUBLIC_PATHS. Fed back, they leave no
// hole but operations whose path no request can have.
struct Suggestion {
  std::string user_paths, token_paths, optional_paths, public_paths;  // user_paths "off": none
  std::vector<std::string> notes;                                     // what to look at before using them
};

// A parameter that names a user becomes {user_id}, a second one is compared with the claim `uid_claim`. What
// `table` guards without a hole by a token, optional or public rule stays of that kind and keeps its
// conditions. Everything else becomes a token path, but for GET of a health check (/health, /healthz, /livez,
// /readyz, /ping), which becomes public.
Suggestion suggest(std::span<const Operation> operations, const route::RuleTable& table,
                   const std::string& uid_claim);

// "POSTERN_USER_PATHS=..." and so on, a line each; empty ones are left out.
std::string to_text(const Suggestion& suggestion);

}  // namespace postern::openapi
