#include "config/keys/secrets.hpp"

#include <algorithm>

#include "config/values/values.hpp"

namespace postern::config {
namespace {

constexpr std::size_t least_bytes = 32;
constexpr std::string_view single_example = "BETTER_AUTH_SECRET=$(openssl rand -base64 32)";
constexpr std::string_view in_file = "the file's secret ", file_example = "openssl rand -base64 32 > FILE";
constexpr std::string_view list_example = "BETTER_AUTH_SECRETS=2:NEW_SECRET,1:OLD_SECRET";

class Reader {
 public:
  Reader(const HostEnvironment& host, Outcome& outcome) : host_(host), outcome_(outcome) {}

  // Whether it can be one. What is wrong is noted, and what is odd.
  bool accept(std::string_view variable, std::string_view secret, std::string_view which,
              std::string_view example) {
    std::string what;
    if (secret == published_default_secret) {
      what = "is Better Auth's published default secret, which anybody knows";
    } else if (secret.size() < least_bytes) {
      what = "has " + std::to_string(secret.size()) + " bytes, at least 32 are needed";
    } else if (secret.find('\0') != std::string_view::npos) {
      what = "holds a NUL byte, which no environment variable can";
    }
    if (!what.empty()) {
      problem(variable, std::string(which) + what, example);
      return false;
    }
    constexpr std::string_view odd_ends = " \t\r\n\"'";
    if (odd_ends.find(secret.front()) != std::string_view::npos ||
        odd_ends.find(secret.back()) != std::string_view::npos) {
      outcome_.warnings.push_back(std::string(variable) + ": " + std::string(which) +
                                  "begins or ends with white space or a quote; it is taken byte for byte");
    }
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    if (secret.starts_with(byte_order_mark) || secret.ends_with(byte_order_mark)) {
      outcome_.warnings.push_back(std::string(variable) + ": " + std::string(which) +
                                  "begins or ends with a byte order mark, which an editor put there; it is "
                                  "taken byte for byte");
    }
    return true;
  }

  void add(std::string_view variable, std::string_view secret, std::string_view which,
           std::string_view example) {
    if (!accept(variable, secret, which, example)) return;
    auto& secrets = outcome_.config.secrets;
    if (std::find(secrets.begin(), secrets.end(), secret) == secrets.end()) secrets.emplace_back(secret);
  }

  void add_file(std::string_view path) {
    outcome_.config.secret_file = path;
    std::string secret;
    if (!load("BETTER_AUTH_SECRET_FILE", path, "BETTER_AUTH_SECRET_FILE=/run/secrets/better-auth", secret))
      return;
    add("BETTER_AUTH_SECRET_FILE", secret, in_file, file_example);
    wipe(secret);
  }

  // The file's bytes but for one newline at the end. False when it cannot be read, which is noted.
  bool load(std::string_view variable, std::string_view path, std::string_view example, std::string& secret) {
    FileContent content = host_.read_file(std::string(path));
    if (!content.error.empty()) {
      problem(variable,
              "cannot read " + (content.exists ? shown(path) : "what it names") + ": " + content.error,
              example);
      return false;
    }
    secret = std::move(content.bytes);
    if (secret.ends_with('\n')) secret.pop_back();
    return true;
  }

  // Better Auth reads the list so: split at commas, trim, the version before the first colon.
  void add_list(std::string_view variable, std::string_view list) {
    unsigned position = 0;
    while (true) {
      ++position;
      const std::size_t comma = list.find(',');
      add_entry(variable, trimmed(list.substr(0, comma)), "entry " + std::to_string(position) + " ");
      if (comma == std::string_view::npos) return;
      list.remove_prefix(comma + 1);
    }
  }

  void problem(std::string_view variable, std::string what, std::string_view example) {
    outcome_.problems.push_back({std::string(variable), std::move(what), std::string(example)});
  }

 private:
  void add_entry(std::string_view variable, std::string_view entry, const std::string& which) {
    const std::size_t colon = entry.find(':');
    const auto version = parse_number(entry.substr(0, std::min(colon, entry.size())));
    if (colon == std::string_view::npos || !version) {
      return problem(variable, which + "is not VERSION:SECRET", list_example);
    }
    if (std::find(versions_.begin(), versions_.end(), *version) != versions_.end()) {
      return problem(variable, which + "has a version that another entry has", list_example);
    }
    versions_.push_back(*version);
    add(variable, trimmed(entry.substr(colon + 1)), which, list_example);
  }

  std::vector<std::uint64_t> versions_;  // seen in the list

  const HostEnvironment& host_;
  Outcome& outcome_;
};

}  // namespace

void read_secrets(const SecretSources& sources, const HostEnvironment& host, Outcome& outcome) {
  Reader reader(host, outcome);
  constexpr std::string_view list_variable = "BETTER_AUTH_SECRETS", list_file = "BETTER_AUTH_SECRETS_FILE";
  if (!sources.secrets.empty() && !sources.secrets_file.empty()) {
    reader.problem(list_file, "is set beside BETTER_AUTH_SECRETS: keep one of them",
                   "unset BETTER_AUTH_SECRETS");
  } else if (!sources.secrets.empty()) {
    reader.add_list(list_variable, sources.secrets);
  } else if (!sources.secrets_file.empty()) {
    outcome.config.secrets_file = sources.secrets_file;
    std::string list;
    if (reader.load(list_file, sources.secrets_file, "BETTER_AUTH_SECRETS_FILE=/run/secrets/better-auth",
                    list)) {
      reader.add_list(list_file, list);
    }
    wipe(list);
  }
  if (!sources.secret.empty() && !sources.secret_file.empty()) {
    reader.problem("BETTER_AUTH_SECRET_FILE", "is set beside BETTER_AUTH_SECRET: keep one of them",
                   "unset BETTER_AUTH_SECRET");
  } else if (!sources.secret.empty()) {
    reader.add("BETTER_AUTH_SECRET", sources.secret, "", single_example);
  } else if (!sources.secret_file.empty()) {
    reader.add_file(sources.secret_file);
  } else if (sources.secrets.empty() && sources.secrets_file.empty() && sources.required) {
    reader.problem(
        "BETTER_AUTH_SECRET",
        "is required (or BETTER_AUTH_SECRET_FILE, or BETTER_AUTH_URL): what Better Auth signs with",
        single_example);
  }
}

void read_identity_key(const HostEnvironment& host, Outcome& outcome) {
  constexpr std::string_view variable = "POSTERN_IDENTITY_KEY", file_variable = "POSTERN_IDENTITY_KEY_FILE";
  constexpr std::string_view example = "POSTERN_IDENTITY_KEY=$(openssl rand -base64 32)";
  Reader reader(host, outcome);
  Config& config = outcome.config;
  const bool from_file = !config.identity_key_file.empty();
  if (from_file) {
    if (!config.identity_key.empty()) {
      return reader.problem(file_variable, "is set beside POSTERN_IDENTITY_KEY: keep one of them",
                            "unset POSTERN_IDENTITY_KEY");
    }
    if (!reader.load(file_variable, config.identity_key_file,
                     "POSTERN_IDENTITY_KEY_FILE=/run/secrets/postern-identity", config.identity_key)) {
      return;
    }
  } else if (config.identity_key.empty()) {
    return;
  }
  const std::string_view named = from_file ? file_variable : variable;
  if (!reader.accept(named, config.identity_key, from_file ? in_file : "",
                     from_file ? file_example : example))
    return;
  if (std::find(config.secrets.begin(), config.secrets.end(), config.identity_key) != config.secrets.end()) {
    reader.problem(named,
                   "is Better Auth's secret: the service, which shares this key, could then sign tokens",
                   from_file ? file_example : example);
  }
}

void wipe(std::string& secret) noexcept {
  volatile char* bytes = secret.data();
  for (std::size_t i = 0; i < secret.size(); ++i) bytes[i] = '\0';
  secret.clear();
}

void Config::clear_secrets() noexcept {
  for (std::string& secret : secrets) wipe(secret);
  secrets.clear();
  wipe(identity_key);
}

}  // namespace postern::config
