#pragma once
// Whether a verified token's claims meet the conditions of a rule.

#include <span>
#include <string_view>
#include <vector>

#include "route/rule.hpp"
#include "token/claim_value.hpp"

namespace postern::gate {

// claim=value: the claim is that string, a boolean or integer that JSON writes so, or an array that holds one
// of these. Where the claim is a string, `scope` is a list parted by spaces (RFC 8693 4.2) and `role` one
// parted by commas, as Better Auth writes it. {name}=claim: the decoded segment is the claim, a string or an
// integer, or one of an array of these. Byte for byte, nothing is trimmed; a claim that is absent or
// something else meets nothing. `claims` are in the order of the kept claims, `segments` those of the target.
bool holds(const route::Condition& condition, std::span<const token::ClaimValue> claims,
           std::span<const std::string_view> segments) noexcept;

// The first condition of the rule that does not hold; null: all hold.
const route::Condition* unmet_condition(const route::Rule& rule, std::span<const token::ClaimValue> claims,
                                        std::span<const std::string_view> segments) noexcept;

}  // namespace postern::gate
