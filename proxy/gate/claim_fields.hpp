#pragma once
// Verified claims as header lines for the service.

#include <span>
#include <string>
#include <string_view>

#include "route/claim_use.hpp"
#include "token/claim_value.hpp"

namespace postern::gate {

// Tells the service that the token's user is not the path's. Removed from every request and its trailers in
// every spelling, as the identity header and the names of the claim headers are, whether configured or not.
inline constexpr std::string_view override_header = "X-Postern-Override";

// Appends a line "Name: value CRLF" for each header whose claim has a value that a field can hold: a string
// of printable ASCII (0x20 to 0x7E) without space at its ends, an integer, a boolean, or an array of these
// joined with commas, if none of its members has a comma. Anything else, and an empty value, is left out.
// `claims` are in the order of the kept claims; none of them: no line.
void append_claim_fields(std::string& out, std::span<const route::ClaimHeader> headers,
                         std::span<const token::ClaimValue> claims);

}  // namespace postern::gate
