#include "token/keys/keys.hpp"

#include <openssl/crypto.h>

#include <utility>

namespace postern::token {

SharedSecrets::SharedSecrets(std::vector<std::string> secrets) : secrets_(std::move(secrets)) {}

SharedSecrets::~SharedSecrets() {
  for (std::string& secret : secrets_) OPENSSL_cleanse(secret.data(), secret.size());
}

}  // namespace postern::token
