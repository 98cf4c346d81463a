#pragma once
// Fetches an issuer's key set once, for a command that has to judge a token without a running gate.

#include <string>
#include <variant>

#include "config/config.hpp"
#include "token/keys/jwk_set.hpp"

namespace postern::command {

// The set at the source's URL, or why it was not to be had. Waits for it, as the gate does 5 s at most.
// `context` is for https.
std::variant<token::JwkSet, std::string> obtain_key_set(const config::KeySetSource& source,
                                                        const tls::Context& context);

}  // namespace postern::command
