#include "config/keys/tls_files.hpp"

#include "config/keys/secrets.hpp"
#include "config/values/values.hpp"

namespace postern::config {
namespace {

void problem(Outcome& outcome, std::string_view variable, std::string what, std::string_view example) {
  outcome.problems.push_back(
      {std::string(variable), std::move(what), std::string(variable) + "=" + std::string(example)});
}

// The file's bytes, empty when no file is named; false when it cannot be read, which is noted.
bool load(std::string_view variable, const std::string& path, std::string_view example,
          const HostEnvironment& host, Outcome& outcome, std::string& bytes) {
  if (path.empty()) return true;
  FileContent content = host.read_file(path);
  if (content.error.empty() && !content.bytes.empty()) {
    bytes = std::move(content.bytes);
    return true;
  }
  const std::string why = content.error.empty() ? "is empty" : "cannot be read: " + content.error;
  problem(outcome, variable, (content.exists ? shown(path) : "what it names") + " " + why, example);
  return false;
}

constexpr std::string_view cert_variable = "POSTERN_TLS_CERT", cert_example = "/run/secrets/tls.crt";
constexpr std::string_view key_variable = "POSTERN_TLS_KEY", key_example = "/run/secrets/tls.key";
constexpr std::string_view client_ca_variable = "POSTERN_TLS_CLIENT_CA",
                           client_ca_example = "/run/secrets/clients-ca.crt";
constexpr std::string_view upstream_ca_variable = "POSTERN_UPSTREAM_CA",
                           upstream_ca_example = "/run/secrets/upstream-ca.crt";

void make_server(Outcome& outcome, const tls::ServerParts& parts) {
  auto made = tls::make_server_context(parts);
  if (auto* context = std::get_if<tls::Context>(&made)) {
    outcome.config.server_tls = std::move(*context);
    return;
  }
  auto& wrong = std::get<tls::Problem>(made);
  const Config& config = outcome.config;
  switch (wrong.part) {
    case tls::Problem::Part::certificate_chain:
      return problem(outcome, cert_variable, shown(config.tls_cert_file) + " " + wrong.what, cert_example);
    case tls::Problem::Part::private_key:
      return problem(outcome, key_variable, shown(config.tls_key_file) + " " + wrong.what, key_example);
    case tls::Problem::Part::client_ca:
      return problem(outcome, client_ca_variable, shown(config.tls_client_ca_file) + " " + wrong.what,
                     client_ca_example);
  }
}

void read_server(const HostEnvironment& host, Outcome& outcome) {
  const Config& config = outcome.config;
  if (config.tls_cert_file.empty() != config.tls_key_file.empty()) {
    const bool no_key = config.tls_key_file.empty();
    return problem(outcome, no_key ? key_variable : cert_variable,
                   "is required beside " + std::string(no_key ? cert_variable : key_variable),
                   no_key ? key_example : cert_example);
  }
  if (!config.tls_client_ca_file.empty() && config.tls_cert_file.empty()) {
    return problem(outcome, cert_variable, "is required beside " + std::string(client_ca_variable),
                   cert_example);
  }
  if (config.tls_cert_file.empty()) return;
  std::string chain, key, client_ca;
  bool loaded = load(cert_variable, config.tls_cert_file, cert_example, host, outcome, chain);
  loaded = load(key_variable, config.tls_key_file, key_example, host, outcome, key) && loaded;
  loaded = load(client_ca_variable, config.tls_client_ca_file, client_ca_example, host, outcome, client_ca) &&
           loaded;
  if (loaded) make_server(outcome, {chain, key, client_ca});
  wipe(key);
}

void read_client(const HostEnvironment& host, Outcome& outcome) {
  const Config& config = outcome.config;
  if (!config.upstream_tls) {
    if (!config.upstream_ca_file.empty()) {
      outcome.warnings.push_back(
          "POSTERN_UPSTREAM_CA: has no effect, because POSTERN_UPSTREAM is not https://");
    }
    return;
  }
  std::string ca;
  if (!load(upstream_ca_variable, config.upstream_ca_file, upstream_ca_example, host, outcome, ca)) return;
  auto made = tls::make_client_context(ca);
  if (auto* context = std::get_if<tls::Context>(&made)) {
    outcome.config.client_tls = std::move(*context);
  } else {
    problem(outcome, upstream_ca_variable, shown(config.upstream_ca_file) + " " + std::get<std::string>(made),
            upstream_ca_example);
  }
}

}  // namespace

void read_tls_files(const HostEnvironment& host, Outcome& outcome) {
  read_server(host, outcome);
  read_client(host, outcome);
}

}  // namespace postern::config
