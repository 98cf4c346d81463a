#include "tls/context.hpp"

#include <doctest/doctest.h>

#include <array>

#include "pem.hpp"

using namespace postern;
using Part = tls::Problem::Part;

TEST_CASE("a certificate with its key makes a context, with or without an authority for clients") {
  const pem::Key key = pem::new_key();
  const std::string certificate = pem::certificate(key, "DNS:gate");
  for (const std::string& client_ca : {std::string(), certificate, certificate + certificate}) {
    const auto made = tls::make_server_context({certificate, pem::text_of(key), client_ca});
    REQUIRE(std::holds_alternative<tls::Context>(made));
    CHECK(SSL_CTX_get_min_proto_version(std::get<tls::Context>(made).get()) == TLS1_2_VERSION);
  }
}

TEST_CASE("the part that is wrong is named") {
  const pem::Key key = pem::new_key();
  const std::string certificate = pem::certificate(key, "DNS:gate");
  const std::string good = pem::text_of(key);
  const std::string other = pem::text_of(pem::new_key());
  const std::string locked = pem::text_of(key, "passphrase");
  const std::string cut = certificate.substr(0, certificate.size() / 2);
  struct Row {
    tls::ServerParts parts;
    Part part;
    std::string_view what;
  };
  const std::array<Row, 9> rows = {{
      {{"", good, ""}, Part::certificate_chain, "holds no certificate"},
      {{good, good, ""}, Part::certificate_chain, "holds no certificate"},
      {{cut, good, ""}, Part::certificate_chain, "holds no certificate"},
      {{certificate, "", ""},
       Part::private_key,
       "holds no private key that can be read without a passphrase"},
      {{certificate, certificate, ""},
       Part::private_key,
       "holds no private key that can be read without a passphrase"},
      {{certificate, locked, ""},
       Part::private_key,
       "holds no private key that can be read without a passphrase"},
      {{certificate, other, ""}, Part::private_key, "is not the key of that certificate"},
      {{certificate, good, "text"}, Part::client_ca, "holds no certificate"},
      {{certificate, good, good}, Part::client_ca, "holds no certificate"},
  }};
  for (const Row& row : rows) {
    const auto made = tls::make_server_context(row.parts);
    REQUIRE(std::holds_alternative<tls::Problem>(made));
    const auto& problem = std::get<tls::Problem>(made);
    CHECK(problem.part == row.part);
    CHECK(problem.what == row.what);
  }
}

TEST_CASE("the authorities for the upstream are the system's, or those that are given") {
  const std::string certificate = pem::certificate(pem::new_key(), "DNS:app");
  CHECK(std::holds_alternative<tls::Context>(tls::make_client_context("")));
  CHECK(std::holds_alternative<tls::Context>(tls::make_client_context(certificate)));
  CHECK(std::get<std::string>(tls::make_client_context("text")) == "holds no certificate");
}
