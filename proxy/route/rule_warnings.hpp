#pragma once
// What is odd about a set of rules that is free of conflicts.

#include <string>
#include <vector>

#include "route/rule.hpp"

namespace postern::route {

// One sentence for each finding:
// - a rule that decides no request, since more specific ones take all of its paths, or since the gate refuses
//   its methods before any rule;
// - a rule whose conditions are idle, since a rule of the same path asks for less;
// - a rule that ends in ** and that a user rule hides but for its own beginning ("/api/**" beside
//   "/api/{user_id}/**");
// - a literal where a user rule has {user_id}: it must not be anybody's id;
// - a rule that wins where 0.1.0, which ranked {user_id} before other parameters, chose a user rule;
// - a path that is guarded for some methods while others reach it through a wider, weaker rule;
// - conditions on claims that users write themselves.
std::vector<std::string> rule_warnings(const std::vector<Rule>& rules);

}  // namespace postern::route
