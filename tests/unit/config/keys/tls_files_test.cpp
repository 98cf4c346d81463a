#include "config/keys/tls_files.hpp"

#include <doctest/doctest.h>

#include <array>
#include <vector>

#include "../tls/pem.hpp"
#include "host_environment.hpp"

using namespace postern;
using namespace postern::config;

namespace {

Outcome read_with(std::vector<Variable> variables) {
  static const pem::Key key = pem::new_key();
  static const std::string certificate = pem::certificate(key, "DNS:gate");
  const std::map<std::string, std::string> files = {{"/crt", certificate},
                                                    {"/key", pem::text_of(key)},
                                                    {"/other", pem::text_of(pem::new_key())},
                                                    {"/empty", ""}};
  variables.push_back({"BETTER_AUTH_SECRET", sample::secret});
  return read(variables, sample::host_environment(files));
}

}  // namespace

TEST_CASE("files that belong together make contexts") {
  const Outcome plain = read_with({});
  CHECK_FALSE(plain.config.server_tls);
  CHECK_FALSE(plain.config.client_tls);
  const Outcome server = read_with(
      {{"POSTERN_TLS_CERT", "/crt"}, {"POSTERN_TLS_KEY", "/key"}, {"POSTERN_TLS_CLIENT_CA", "/crt"}});
  CHECK(server.problems.empty());
  CHECK(server.config.server_tls);
  CHECK_FALSE(server.config.client_tls);
  for (const std::string_view ca : {"", "/crt"}) {
    const Outcome client = read_with({{"POSTERN_UPSTREAM", "https://app"}, {"POSTERN_UPSTREAM_CA", ca}});
    CHECK(client.problems.empty());
    CHECK(client.config.client_tls);
  }
}

TEST_CASE("what is wrong is said of the variable that it is wrong with") {
  struct Row {
    std::vector<Variable> variables;
    std::string_view variable, what;
  };
  const std::array<Row, 10> rows = {{
      {{{"POSTERN_TLS_CERT", "/crt"}}, "POSTERN_TLS_KEY", "is required beside POSTERN_TLS_CERT"},
      {{{"POSTERN_TLS_KEY", "/key"}}, "POSTERN_TLS_CERT", "is required beside POSTERN_TLS_KEY"},
      {{{"POSTERN_TLS_CLIENT_CA", "/crt"}}, "POSTERN_TLS_CERT", "is required beside POSTERN_TLS_CLIENT_CA"},
      {{{"POSTERN_TLS_CERT", "/none"}, {"POSTERN_TLS_KEY", "/key"}},
       "POSTERN_TLS_CERT",
       "what it names cannot be read: "},
      {{{"POSTERN_TLS_CERT", "/key"}, {"POSTERN_TLS_KEY", "/key"}},
       "POSTERN_TLS_CERT",
       "'/key' holds no certificate"},
      {{{"POSTERN_TLS_CERT", "/crt"}, {"POSTERN_TLS_KEY", "/empty"}}, "POSTERN_TLS_KEY", "'/empty' is empty"},
      {{{"POSTERN_TLS_CERT", "/crt"}, {"POSTERN_TLS_KEY", "/other"}}, "POSTERN_TLS_KEY", "is not the key"},
      {{{"POSTERN_TLS_CERT", "/crt"}, {"POSTERN_TLS_KEY", "/key"}, {"POSTERN_TLS_CLIENT_CA", "/key"}},
       "POSTERN_TLS_CLIENT_CA",
       "'/key' holds no certificate"},
      {{{"POSTERN_UPSTREAM", "https://app"}, {"POSTERN_UPSTREAM_CA", "/key"}},
       "POSTERN_UPSTREAM_CA",
       "'/key' holds no certificate"},
      {{{"POSTERN_UPSTREAM", "https://app"}, {"POSTERN_UPSTREAM_CA", "/none"}},
       "POSTERN_UPSTREAM_CA",
       "what it names cannot be read: "},
  }};
  for (const Row& row : rows) {
    CAPTURE(row.variable);
    CAPTURE(row.what);
    const Outcome outcome = read_with(row.variables);
    REQUIRE(outcome.problems.size() == 1);
    CHECK(outcome.problems[0].variable == row.variable);
    CHECK(outcome.problems[0].what.find(row.what) != std::string::npos);
    CHECK(to_string(outcome.problems[0]).find("PRIVATE") == std::string::npos);
  }
}

TEST_CASE("what has no effect is worth a warning") {
  CHECK(read_with({{"POSTERN_UPSTREAM_CA", "/crt"}}).warnings.size() == 1);
  CHECK(read_with({{"POSTERN_PROXY_PROTOCOL", "true"}}).warnings.size() == 1);
  CHECK(read_with({{"POSTERN_PROXY_PROTOCOL", "true"}, {"POSTERN_TRUSTED_PROXIES", "::1"}}).warnings.empty());
}
