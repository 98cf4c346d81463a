#pragma once
// The algorithms that a signature can have here (RFC 7518 3.1, RFC 8037 3.1, RFC 9864 2).

#include <cstdint>
#include <optional>
#include <string_view>

namespace postern::token {

enum class Algorithm : std::uint8_t { hs256, eddsa, es256, es512, rs256, ps256 };

// Of an alg value, case-sensitive; EdDSA is Ed25519 here, by either name. Nothing: not one of these.
std::optional<Algorithm> algorithm_named(std::string_view alg) noexcept;

// "EdDSA", "ES256", ...
std::string_view text_of(Algorithm algorithm) noexcept;

}  // namespace postern::token
