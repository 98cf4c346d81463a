#pragma once
// Whose keys verify: BETTER_AUTH_URL, POSTERN_JWKS_URL and POSTERN_JWKS_FILE, and what issuer and audience
// they stand for.

#include <string>
#include <string_view>

#include "config/config.hpp"

namespace postern::config {

// "URL [iss=ISSUER] [aud=AUDIENCE]", several with commas between; `off`: none, not even the one that
// BETTER_AUTH_URL stands for. Return what is wrong, or nothing.
std::string read_jwks_url(std::string_view value, Config& config);
std::string read_jwks_file(std::string_view value, Config& config);
std::string show_jwks_url(const Config& config);
std::string show_jwks_file(const Config& config);

// Once all variables are read: fills in what BETTER_AUTH_URL and the others leave open, reads the files, and
// notes problems and warnings.
void resolve_key_sources(const HostEnvironment& host, Outcome& outcome);

// POSTERN_REVOKED_FILE, likewise.
void read_revoked_file(const HostEnvironment& host, Outcome& outcome);

}  // namespace postern::config
