#include "explain/secret_forms.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "config/keys/secrets.hpp"
#include "token/signature/hs256.hpp"

using namespace postern;
using observe::Cause;

namespace {

const std::string input = "header.payload";

// What other_form() makes of a signature by `signer` where `configured` is the gate's secret.
std::optional<Cause> between(const std::string& configured, std::string_view signer) {
  token::Hs256Tag tag;
  REQUIRE(token::Hs256Key(signer).sign(input, tag));
  const std::vector<std::string> secrets = {"another secret", configured};
  return explain::other_form(secrets, input, {reinterpret_cast<const char*>(tag.data()), tag.size()});
}

}  // namespace

TEST_CASE("what became of a secret on its way is told from the signature") {
  struct Row {
    std::string configured, signer;
    std::optional<Cause> expected;
    const char* why;
  };
  const std::vector<Row> rows = {
      {"secret", "secret\n", Cause::secret_with_space, "echo ended the file with a newline"},
      {"secret\r\n", "secret", Cause::secret_with_space, "and here the gate's"},
      {" secret", "secret", Cause::secret_with_space, "in front"},
      {"secret", "\xEF\xBB\xBFsecret", Cause::secret_with_space, "an editor's byte order mark"},
      {"\"secret\"", "secret", Cause::secret_in_quotes, "quotes of an env file"},
      {"secret", "'secret'", Cause::secret_in_quotes, "on the other side"},
      {"'secret\"", "secret", std::nullopt, "quotes that do not match are part of it"},
      {"c2VjcmV0", "secret", Cause::secret_decoded, "base64"},
      {"736563726574", "secret", Cause::secret_decoded, "hexadecimal"},
      {"secret", "c2VjcmV0", Cause::secret_encoded, "base64"},
      {"se?ret>>", "c2U_cmV0Pj4", Cause::secret_encoded, "base64url"},
      {"se?ret>>", "c2U/cmV0Pj4=", Cause::secret_encoded, "base64 with its own alphabet and padding"},
      {"secret", "736563726574", Cause::secret_encoded, "hexadecimal"},
      {"2024:secret", "secret", Cause::secret_prefixed, "a version in front"},
      {"BETTER_AUTH_SECRET=secret", "secret", Cause::secret_prefixed, "the whole line of an env file"},
      {"secret", std::string(config::published_default_secret), Cause::default_secret, "never changed"},
      {"secret", "something else", std::nullopt, "nothing that can be told"},
      {"", "secret", std::nullopt, "an empty one has no forms"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(between(row.configured, row.signer) == row.expected);
  }
}

TEST_CASE("no secret at all has no other form") {
  token::Hs256Tag tag;
  REQUIRE(token::Hs256Key("secret").sign(input, tag));
  CHECK(explain::other_form({}, input, {reinterpret_cast<const char*>(tag.data()), tag.size()}) ==
        std::nullopt);
}
