#pragma once
// The snapshot of keys that a configuration stands for.

#include "config/config.hpp"
#include "token/keys/keys.hpp"

namespace postern::config {

// Takes the secrets out of the config. Sets of files are usable at once; those of addresses are missing until
// somebody fetches them. Their order is that of config.key_sets.
token::Keys take_token_keys(Config& config);

}  // namespace postern::config
