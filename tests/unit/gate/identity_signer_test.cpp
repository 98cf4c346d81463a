#include "gate/identity_signer.hpp"

#include <doctest/doctest.h>

#include <set>

using postern::gate::IdentitySigner;
using postern::gate::SignedRequest;

namespace {

constexpr std::string_view key = "identity-key-0123456789abcdef-0123";
constexpr std::int64_t now = 1'767'225'600;

std::string signed_by(std::string_view with, const SignedRequest& request, std::int64_t at = now) {
  return std::string(IdentitySigner(with).sign(request, at));
}

}  // namespace

TEST_CASE("the signed identity is what another implementation computes") {
  struct {
    SignedRequest request;
    std::string_view expected;
    const char* why;
  } const cases[] = {
      {{"alice", "GET", "/api/alice/tasks?x=1", "r-1"},
       "v1.1767225600.27xtw3PrfuokT6l5A8kkIMgwLwiy1BQ39c2s7WSzbFU",
       "a user's request with a query"},
      {{"", "GET", "/health", "r-1"},
       "v1.1767225600.ERhaoP3AzoVnFBpp7oKPA0GteYlJ4V4KeqJciLnrIZg",
       "forwarded without identity"},
      {{"", "GET", "/health?", "r-1"},
       "v1.1767225600.ERhaoP3AzoVnFBpp7oKPA0GteYlJ4V4KeqJciLnrIZg",
       "an empty query is none"},
      {{"alice", "POST", "/api/%61lice/t", "r-2"},
       "v1.1767225600.p_y27h7W3OpFi47EZlCh9gtFC2Zk5y_ps3IVSmKmZRs",
       "the path as sent, not decoded"},
  };
  IdentitySigner signer{key};
  for (const auto& test : cases) {
    CAPTURE(test.why);
    CHECK(signer.sign(test.request, now) == test.expected);
  }
}

TEST_CASE("everything that is signed changes the signature") {
  const SignedRequest one{"alice", "GET", "/api/alice/t", "r-1"};
  const std::string_view other_key = "identity-key-0123456789abcdef-0124";
  const std::set<std::string> different = {
      signed_by(key, one),
      signed_by(other_key, one),
      signed_by(key, one, now + 1),
      signed_by(key, {"alicf", "GET", "/api/alice/t", "r-1"}),
      signed_by(key, {"alice", "PUT", "/api/alice/t", "r-1"}),
      signed_by(key, {"alice", "GET", "/api/alice/u", "r-1"}),
      signed_by(key, {"alice", "GET", "/api/alice/t?x", "r-1"}),
      signed_by(key, {"alice", "GET", "/api/alice/t?x?", "r-1"}),
      signed_by(key, {"alice", "GET", "/api/alice/t", "r-2"}),
      signed_by(key, {"alice", "GET", "/api/alice/t", ""}),
      signed_by(key, {"", "alice", "GET", "/api/alice/t"}),
  };
  CHECK(different.size() == 11);
}

TEST_CASE("a key of no bytes signs nothing") {
  CHECK_THROWS(IdentitySigner{""});
}

TEST_CASE("version 2 covers the claim headers and the override") {
  IdentitySigner signer(key, postern::gate::IdentityVersion::v2);
  CHECK(
      signer.sign({"alice", "GET", "/api/bob/t", "r-1", "X-User-Org: o1,o2\r\nX-User-Role: admin\r\n", true},
                  now) == "v2.1767225600.kDZ2gF0A56Au45-j_I3EqsNvhZcviGRi_GO1TA-jUh8");
  CHECK(signer.sign({"", "GET", "/health", "r-1"}, now) ==
        "v2.1767225600.RirG7ESCMs4zUYLeyqo7yP1A48dgCxgGgrVQ85FDkuM");
}

TEST_CASE("each claim header and the override change a signature of version 2") {
  IdentitySigner signer(key, postern::gate::IdentityVersion::v2);
  std::set<std::string> different;
  const auto add = [&](std::string_view fields, bool overridden) {
    different.emplace(signer.sign({"alice", "GET", "/t", "r", fields, overridden}, now));
  };
  add("", false);
  add("", true);
  add("X-A: b\r\n", false);
  add("X-A: c\r\n", false);
  add("X-A: b\r\nX-C: d\r\n", false);
  add("X-A: b:x-c:d\r\n", false);
  CHECK(different.size() == 6);
}
