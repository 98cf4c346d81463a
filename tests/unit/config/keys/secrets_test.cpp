#include "config/keys/secrets.hpp"

#include <doctest/doctest.h>

#include <array>

#include "host_environment.hpp"

using namespace postern::config;
using Secrets = std::vector<std::string>;

namespace {

const std::string other = "fedcba9876543210fedcba9876543210";

Outcome from(const SecretSources& sources, std::map<std::string, std::string> files = {}) {
  Outcome outcome;
  read_secrets(sources, sample::host_environment(std::move(files)), outcome);
  return outcome;
}

bool mentions(const Outcome& outcome, std::string_view text) {
  for (const Problem& problem : outcome.problems) {
    if (to_string(problem).find(text) != std::string::npos) return true;
  }
  for (const std::string& warning : outcome.warnings) {
    if (warning.find(text) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("the secret is taken byte for byte") {
  for (const std::string& secret :
       {sample::secret, " " + other + " ", "\"" + other + "\"", other + "\xc3\xa9"}) {
    const Outcome outcome = from({.secret = secret});
    CHECK(outcome.problems.empty());
    CHECK(outcome.config.secrets == Secrets{secret});
  }
  CHECK(from({.secret = sample::secret}).warnings.empty());
  CHECK(from({.secret = " " + other}).warnings.size() == 1);
  CHECK(from({.secret = other + "'"}).warnings.size() == 1);
}

TEST_CASE("a file's one trailing newline is dropped, and nothing else") {
  const auto read = [](const std::string& content) {
    return from({.secret_file = "/s"}, {{"/s", content}}).config.secrets;
  };
  CHECK(read(other) == Secrets{other});
  CHECK(read(other + "\n") == Secrets{other});
  CHECK(read(other + "\n\n") == Secrets{other + "\n"});
  CHECK(read(other + "\r\n") == Secrets{other + "\r"});
  CHECK(mentions(from({.secret_file = "/s"}, {{"/s", other + "\r\n"}}), "white space"));
}

TEST_CASE("a byte order mark is kept, and warned of") {
  const std::string marked = "\xEF\xBB\xBF" + other;
  const Outcome outcome = from({.secret_file = "/s"}, {{"/s", marked}});
  CHECK(outcome.config.secrets == Secrets{marked});
  CHECK(mentions(outcome, "byte order mark"));
  CHECK(mentions(from({.secret = other + "\xEF\xBB\xBF"}), "byte order mark"));
}

TEST_CASE("the rotation list can come from a file, and no version twice") {
  const std::string list = "2:" + other + ",1:" + sample::secret;
  const Outcome outcome = from({.secrets_file = "/l"}, {{"/l", list + "\n"}});
  CHECK(outcome.problems.empty());
  CHECK(outcome.config.secrets == Secrets{other, sample::secret});
  CHECK(outcome.config.secrets_file == "/l");
  CHECK(mentions(from({.secrets_file = "/none"}), "BETTER_AUTH_SECRETS_FILE: cannot read"));
  CHECK(mentions(from({.secrets_file = "/l"}, {{"/l", "nonsense"}}), "BETTER_AUTH_SECRETS_FILE: entry 1"));
  CHECK(mentions(from({.secrets = list, .secrets_file = "/l"}, {{"/l", list}}), "keep one of them"));
  CHECK(mentions(from({.secrets = "1:" + other + ",1:" + sample::secret}), "entry 2 has a version"));
  CHECK(mentions(from({.secrets = "1:" + other + ",01:" + sample::secret}), "entry 2 has a version"));
}

TEST_CASE("no secret is asked for where an issuer's keys verify") {
  CHECK(from({.required = false}).problems.empty());
  CHECK(mentions(from({}), "is required"));
}

TEST_CASE("weak, missing and contradictory secrets are problems that show no byte of them") {
  struct Row {
    SecretSources sources;
    std::string_view says;
  };
  const std::string short_one(31, 'q');
  const std::string short_entry = "2:" + short_one;
  const std::array<Row, 10> rows = {{
      {{}, "is required"},
      {{.secret = short_one}, "has 31 bytes"},
      {{.secret = "better-auth-secret-12345678901234567890"}, "published default"},
      {{.secret = sample::secret, .secret_file = "/s"}, "beside BETTER_AUTH_SECRET"},
      {{.secret_file = short_one}, "cannot read what it names: No such file"},
      {{.secret_file = "/short"}, "has 31 bytes"},
      {{.secret_file = "/nul"}, "NUL"},
      {{.secrets = "no version at all but it is long enough"}, "not VERSION:SECRET"},
      {{.secrets = short_entry}, "entry 1 has 31 bytes"},
      {{.secrets = "2:fedcba9876543210fedcba9876543210,"}, "entry 2 is not VERSION:SECRET"},
  }};
  const std::map<std::string, std::string> files = {{"/short", short_one},
                                                    {"/nul", other + std::string(1, '\0') + "x"}};
  for (const Row& row : rows) {
    CAPTURE(row.says);
    const Outcome outcome = from(row.sources, files);
    CHECK(outcome.problems.size() == 1);
    CHECK(mentions(outcome, row.says));
    CHECK_FALSE(mentions(outcome, "qqq"));
    CHECK_FALSE(mentions(outcome, "fedcba"));
  }
}

TEST_CASE("a rotation list is read as Better Auth reads it, newest first, then the single secret") {
  const Outcome outcome = from({.secret = "0123456789abcdef0123456789abcdef:old",
                                .secrets = " 2:" + other + " , 1:" + sample::secret});
  CHECK(outcome.problems.empty());
  CHECK(outcome.config.secrets == Secrets{other, sample::secret, "0123456789abcdef0123456789abcdef:old"});
  CHECK(from({.secret = other, .secrets = "1:" + other}).config.secrets == Secrets{other});
  CHECK(from({.secrets = "1:a:colon:in:a:secret:of:32:bytes:or:so"}).config.secrets ==
        Secrets{"a:colon:in:a:secret:of:32:bytes:or:so"});
}

TEST_CASE("clearing leaves no secret behind") {
  Outcome outcome = from({.secret = sample::secret});
  outcome.config.clear_secrets();
  CHECK(outcome.config.secrets.empty());
}

TEST_CASE("the description of a configuration holds no secret") {
  const Outcome outcome = sample::with({});
  for (const auto& [name, value] : describe(outcome.config))
    CHECK(value.find(sample::secret) == std::string::npos);
}

TEST_CASE("the identity key is one secret more, from the variable or a file") {
  const auto key_of = [](std::vector<Variable> variables, const std::string& file = {}) {
    return sample::with(std::move(variables), sample::host_environment({{"/k", file}})).config.identity_key;
  };
  CHECK(key_of({}) == "");
  CHECK(key_of({{"POSTERN_IDENTITY_KEY", other}}) == other);
  CHECK(key_of({{"POSTERN_IDENTITY_KEY_FILE", "/k"}}, other + "\n") == other);
  CHECK(key_of({{"POSTERN_IDENTITY_KEY_FILE", "/k"}}, other + "\n\n") == other + "\n");
}

TEST_CASE("an identity key that proves nothing is a problem that shows no byte of it") {
  const std::map<std::string, std::string> files = {
      {"/short", "qqq"}, {"/same", sample::secret + "\n"}, {"/good", other}};
  struct {
    std::vector<Variable> variables;
    std::string_view says;
  } const rows[] = {
      {{{"POSTERN_IDENTITY_KEY", "qqq"}}, "POSTERN_IDENTITY_KEY: has 3 bytes"},
      {{{"POSTERN_IDENTITY_KEY_FILE", "/short"}}, "POSTERN_IDENTITY_KEY_FILE: the file's secret has 3 bytes"},
      {{{"POSTERN_IDENTITY_KEY_FILE", "qqq"}}, "cannot read what it names: No such file"},
      {{{"POSTERN_IDENTITY_KEY", sample::secret}}, "could then sign tokens"},
      {{{"POSTERN_IDENTITY_KEY_FILE", "/same"}}, "could then sign tokens"},
      {{{"POSTERN_IDENTITY_KEY_FILE", "/good"}, {"POSTERN_IDENTITY_KEY", other}}, "keep one of them"},
      {{{"POSTERN_USER_HEADER", "X_Postern_Identity"}}, "meaning of its own"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.says);
    const Outcome outcome = sample::with(row.variables, sample::host_environment(files));
    CHECK(outcome.problems.size() == 1);
    CHECK(mentions(outcome, row.says));
    CHECK_FALSE(mentions(outcome, "qqq"));
    CHECK_FALSE(mentions(outcome, sample::secret));
  }
}

TEST_CASE("clearing and describing leave the identity key out too") {
  Outcome outcome = sample::with({{"POSTERN_IDENTITY_KEY", other}});
  for (const auto& [name, value] : describe(outcome.config)) {
    CHECK(value.find(other) == std::string::npos);
    if (name == "POSTERN_IDENTITY_KEY") CHECK(value == "set (32 bytes)");
  }
  outcome.config.clear_secrets();
  CHECK(outcome.config.identity_key.empty());
}
