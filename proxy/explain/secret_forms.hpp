#pragma once
// What people make of a shared secret on its way from one side to the other, tried on a token that none of
// the configured secrets signed.

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "observe/causes.hpp"

namespace postern::explain {

// The cause when the signature was made with another form of one of the secrets: with or without white space,
// quotes, encoding or a prefix; or with Better Auth's published default.
std::optional<observe::Cause> other_form(std::span<const std::string> secrets, std::string_view signing_input,
                                         std::span<const char> signature);

}  // namespace postern::explain
