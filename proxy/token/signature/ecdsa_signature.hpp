#pragma once
// An ECDSA signature as a JWS carries it, r and s side by side (RFC 7518 3.4), and as OpenSSL wants it, an
// ASN.1 SEQUENCE of two INTEGERs (RFC 3279 2.2.3).

#include <array>
#include <cstddef>
#include <span>

#include "token/signature/algorithm.hpp"

namespace postern::token {

// 64 bytes for es256, 132 for es512.
std::size_t ecdsa_signature_size(Algorithm algorithm) noexcept;

using DerSignature = std::array<unsigned char, 160>;

// Writes the DER form into `out` and returns that part of it; empty when the size is not the algorithm's to
// the byte, or r or s does not lie between 1 and the group's order minus 1 (FIPS 186-5 6.4.2; CVE-2022-21449
// is what becomes of it otherwise).
std::span<const unsigned char> to_der(Algorithm algorithm, std::span<const char> signature,
                                      DerSignature& out) noexcept;

}  // namespace postern::token
