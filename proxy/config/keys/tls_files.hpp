#pragma once
// Certificates and keys from the files that the variables name.

#include "config/config.hpp"

namespace postern::config {

// Fills outcome.config.server_tls and client_tls where the configuration asks for them. What is wrong goes to
// the problems; the private key's bytes are wiped once they are used.
void read_tls_files(const HostEnvironment& host, Outcome& outcome);

}  // namespace postern::config
