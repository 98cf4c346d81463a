#pragma once
// What TLS needs beside a connection: certificates, keys and rules, made once from PEM text and then only
// read. TLS 1.2 and 1.3 with forward secrecy and authenticated encryption (RFC 9325), no renegotiation, no
// compression, no early data.

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace postern::tls {

// Shared by all threads, which only make connections of it.
using Context = std::shared_ptr<SSL_CTX>;

struct ServerParts {
  std::string_view certificate_chain;  // PEM, the server's own certificate first
  std::string_view private_key;        // PEM, not encrypted
  std::string_view client_ca;          // PEM; empty: clients need no certificate
};

// When the certificate that it shows ends, in Unix seconds; 0: it shows none.
std::int64_t not_after(SSL_CTX& context) noexcept;

// Which part is wrong, and how: "holds no certificate", "is not the key of that certificate".
struct Problem {
  enum class Part : std::uint8_t { certificate_chain, private_key, client_ca } part;
  std::string what;
};

std::variant<Context, Problem> make_server_context(const ServerParts& parts);

// Verifies the server's chain against `ca` (PEM), or against the system's authorities when that is empty.
// The text says what is wrong with `ca`.
std::variant<Context, std::string> make_client_context(std::string_view ca);

}  // namespace postern::tls
