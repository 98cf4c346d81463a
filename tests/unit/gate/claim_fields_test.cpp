#include "gate/claim_fields.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>

#include "claim_values.hpp"

using namespace postern;
using namespace postern::gate;
using namespace postern::gate::test;

namespace {

std::string lines_of(const ClaimValue& claim) {
  const std::array<route::ClaimHeader, 1> headers = {{{"X-Claim", "claim"}}};
  const std::array<ClaimValue, 1> claims = {claim};
  std::string out;
  append_claim_fields(out, headers, claims);
  return out;
}

}  // namespace

TEST_CASE("a claim is a header line if a field can hold it as it stands") {
  struct Row {
    ClaimValue claim;
    std::string_view value;  // "-": left out
    std::string_view why;
  };
  const std::vector<ClaimText> roles = {text("a"), text("b c"), number("7"), flag("true")};
  const std::vector<ClaimText> comma = {text("a"), text("b,c")}, empty = {}, blank = {text("a"), text("")};
  const std::vector<ClaimText> newline = {text("a"), text("b\r\nX-User-Id: bob")};
  const Row rows[] = {
      {string("admin"), "admin", "a string"},
      {string("a, b \"c\" ~"), "a, b \"c\" ~", "printable ASCII as it stands"},
      {string(" admin"), "-", "a space before"},
      {string("admin "), "-", "a space behind"},
      {string(""), "-", "nothing"},
      {string("caf\xC3\xA9"), "-", "not ASCII"},
      {string("a\r\nX-User-Id: bob"), "-", "another line"},
      {string("a\tb"), "-", "a tab"},
      {string("a\x7F"), "-", "DEL"},
      {string(std::string_view("a\0b", 3)), "-", "NUL"},
      {integer("-7"), "-7", "an integer"},
      {boolean("false"), "false", "a boolean"},
      {list(roles), "a,b c,7,true", "an array"},
      {list(comma), "-", "a member with a comma"},
      {list(empty), "-", "an empty array"},
      {list(blank), "-", "an empty member"},
      {list(newline), "-", "another line in a member"},
      {other(), "-", "an object"},
      {absent(), "-", "no such claim"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(lines_of(row.claim) == (row.value == "-" ? "" : "X-Claim: " + std::string(row.value) + "\r\n"));
  }
}

TEST_CASE("without verified claims no line is written") {
  const std::array<route::ClaimHeader, 2> headers = {{{"X-A", "a", 0}, {"X-B", "b", 1}}};
  std::string out;
  append_claim_fields(out, headers, {});
  CHECK(out.empty());
  const std::array<ClaimValue, 2> claims = {string("1"), string("2")};
  append_claim_fields(out, headers, claims);
  CHECK(out == "X-A: 1\r\nX-B: 2\r\n");
}
