#pragma once
// Makes a token of a payload, for `postern token` and for tests.

#include <string>
#include <string_view>

namespace postern::token {

// A compact HS256 token with header {"alg":"HS256","typ":"JWT"}; `payload` is the JSON text to sign. Throws
// std::runtime_error when OpenSSL cannot sign with that secret.
std::string sign_hs256(std::string_view payload, std::string_view secret);

}  // namespace postern::token
