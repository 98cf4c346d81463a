#pragma once
// A JWK Set (RFC 7517 5) as an issuer publishes it. Its text is hostile until proven otherwise, and real ones
// hold odd keys: those are skipped one by one, so that one row too many shuts nobody out.

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "token/keys/public_key.hpp"

namespace postern::token {

inline constexpr std::size_t max_jwk_set_bytes = 1U << 20;
inline constexpr std::size_t max_jwk_set_keys = 1024;

enum class KeySetFault : std::uint8_t {
  too_large,       // over max_jwk_set_bytes
  not_json,        // strict JSON with an object at the top
  no_keys_member,  // no array "keys": an error's JSON, say
  too_many_keys,   // over max_jwk_set_keys
  no_usable_key,   // empty, or nothing but odd ones
};
std::string_view text_of(KeySetFault fault) noexcept;

struct SkippedKey {
  std::size_t position = 0;  // in the array, from 0
  std::string kid;           // empty: none
  KeyFault fault{};
};

struct JwkSet {
  std::vector<PublicKey> keys;  // at least one, in their order
  std::vector<SkippedKey> skipped;
};

// What a set that cannot be used leaves to be told.
struct JwkSetRefusal {
  KeySetFault fault{};
  std::vector<SkippedKey> skipped;
};

std::variant<JwkSet, JwkSetRefusal> read_jwk_set(std::string_view json);

}  // namespace postern::token
