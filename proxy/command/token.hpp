#pragma once
// `postern token`: a development token, as Better Auth would sign it.

#include "command/context.hpp"

namespace postern::command {

// One compact JWS on `out`: the uid claim, sub, iat, exp, iss and aud as configured, and what --claim says.
// Signed with the first secret.
int mint_token(std::span<const std::string> arguments, const Context& context);

}  // namespace postern::command
