#pragma once
// The shared secrets, as Better Auth holds them: the exact bytes, never trimmed or decoded.

#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"

namespace postern::config {

// Better Auth falls back to it when no secret is set; it is in every copy of its source.
inline constexpr std::string_view published_default_secret = "better-auth-secret-12345678901234567890";

// What the environment says of the secrets; empty views: not set.
struct SecretSources {
  std::string_view secret{};        // BETTER_AUTH_SECRET
  std::string_view secret_file{};   // BETTER_AUTH_SECRET_FILE
  std::string_view secrets{};       // BETTER_AUTH_SECRETS
  std::string_view secrets_file{};  // BETTER_AUTH_SECRETS_FILE
  bool required = true;             // nothing else verifies tokens
};

// Fills outcome.config.secrets: the rotation list in its order (a version twice is a problem), then the
// single one, without duplicates. What is wrong goes to the problems, what is odd to the warnings; neither
// ever shows a byte of a secret.
void read_secrets(const SecretSources& sources, const HostEnvironment& host, Outcome& outcome);

// Of outcome.config.identity_key and identity_key_file, as the variables set them, makes the identity key.
// After read_secrets(): none of those may sign what the service behind can sign too.
void read_identity_key(const HostEnvironment& host, Outcome& outcome);

// Overwrites it.
void wipe(std::string& secret) noexcept;

}  // namespace postern::config
