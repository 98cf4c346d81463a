#include "observe/status/status_page.hpp"

#include <doctest/doctest.h>

#include <string>

#include "status_scene.hpp"

using namespace postern::observe;
using scene::minute;
using scene::now;
using scene::well;

namespace {

bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::size_t count_of(const std::string& text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

}  // namespace

TEST_CASE("the page shows what there is to know") {
  Status status = well(minute(100, {{"expired", 2}}));
  status.refusals = {{now * 1'000'000, "r-1", "GET", "/api/{user_id}/**", "another user", 403}};
  status.configuration = {{"POSTERN_UPSTREAM", "http://127.0.0.1:8000"}};
  status.certificate_not_after = now + 100LL * 86'400;
  const std::string page = status_page(status);
  for (const std::string_view part :
       {"api-7d9f", "version 0.1.0", "up 24 h", "2026-01-01 00:00:00", "Nothing wrong is seen", "144,021",
        "ready", "http://127.0.0.1:8000", "https://auth.example.com/api/auth/jwks",
        "2 keys, fetched 2 min ago, every 5 min", "another user", "r-1", "POSTERN_UPSTREAM",
        "expired <b>10</b>", "until 2026-04-11"}) {
    CAPTURE(part);
    CHECK(holds(page, part));
  }
}

TEST_CASE("who sees only the page can tell what is wrong") {
  Status down = well();
  down.upstream = {"http://127.0.0.1:8000", UpstreamStatus::State::down, "Connection refused", now - 42};
  Status stale = well();
  stale.keys[1].last_success = now - 1500;
  struct Row {
    Status status;
    std::string_view text;
  };
  const Row rows[] = {
      {down, "The backend does not answer: http://127.0.0.1:8000, Connection refused."},
      {well(minute(2, {{"bad signature", 80}})), "the signing secret was changed at one side only"},
      {stale, "The key set is stale"},
      {well(minute(50, {{"issued in the future", 40}})), "clock is behind Better Auth&#39;s"},
      {well(minute(95, {{"bad signature", 30}})), "Somebody is guessing tokens"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const std::string page = status_page(row.status);
    CHECK(holds(page, row.text));
    CHECK_FALSE(holds(page, "Nothing wrong is seen"));
  }
}

TEST_CASE("each reason of the last hour is told with its cause and its remedy, the most frequent first") {
  const std::string page =
      status_page(well(minute(100, {{"expired", 2}, {"no credentials", 9}, {"obsolete line folding", 1}})));
  const std::size_t first =
      page.find("<td>45</td><td>no credentials</td><td class=\"wrap\"><b>The request carries no token.</b>");
  const std::size_t second =
      page.find("<td>10</td><td>expired</td><td class=\"wrap\"><b>The token has expired.</b>");
  const std::size_t third =
      page.find("<td>5</td><td>obsolete line folding</td><td class=\"wrap\"><b>The head is not the strict");
  CHECK(first < second);
  CHECK(second < third);
  CHECK(third < page.size());
  CHECK(holds(page, "Get a new one from GET /api/auth/token"));
  CHECK(holds(status_page(Status{}), "no request was refused"));
}

TEST_CASE("a key set is told with its issuer; a file is never stale") {
  Status status = well();
  status.keys[1].issuer = "https://auth.example.com";
  status.keys[1].last_success = now - 1500;
  status.keys[1].problem = "status 500";
  KeySourceStatus& from_file = status.keys.emplace_back();
  from_file.name = "/etc/postern/set.json";
  from_file.issuer = "any";
  from_file.is_set = from_file.is_file = true;
  from_file.keys = 1;
  from_file.refresh_seconds = 300;
  const std::string page = status_page(status);
  for (const std::string_view part : {"issuer https://auth.example.com", "stale</span>, usable up to 24 h",
                                      "the last fetch failed: status 500",
                                      "The key set of https://auth.example.com is stale: its last fetch went "
                                      "well 25 minutes ago: status 500.",
                                      "/etc/postern/set.json<br>issuer any</td><td>1 key</td>"}) {
    CAPTURE(part);
    CHECK(holds(page, part));
  }
}

TEST_CASE("no value becomes markup") {
  const std::string evil = "<img src=x onerror=alert(1)></td></script>'\"";
  Status status = well();
  status.version = status.host = status.reload_problem = evil;
  status.upstream = {evil, UpstreamStatus::State::down, evil, now};
  for (KeySourceStatus& source : status.keys) {
    source.name = source.issuer = source.problem = evil;
    source.last_success = 0;
  }
  status.configuration = {{evil, evil}};
  status.refusals = {{0, evil, evil, evil, evil, 0}};
  const std::string page = status_page(status);
  CHECK_FALSE(holds(page, "<img"));
  CHECK(count_of(page, "</script>") == 1);
  CHECK(count_of(page, "&lt;img src=x") >= 12);
}

TEST_CASE("no password of a URL is shown") {
  Status status = well();
  const std::string url = "https://me:hunter2@auth.example.com/jwks";
  status.upstream = {url, UpstreamStatus::State::down, url, now};
  for (KeySourceStatus& source : status.keys) {
    source.name = source.problem = url;
    source.last_success = 0;
  }
  status.reload_problem = url;
  status.configuration = {{"POSTERN_JWKS_URL", url}};
  CHECK_FALSE(holds(status_page(status), "hunter2"));
}

TEST_CASE("the policy names the style and the script of the page and lets nothing else in") {
  const std::string& policy = page_policy();
  CHECK(policy.starts_with("default-src 'none'; style-src 'sha256-"));
  for (const std::string_view part : {"script-src 'sha256-", "frame-ancestors 'none'", "base-uri 'none'",
                                      "form-action 'none'", "connect-src 'self'"}) {
    CAPTURE(part);
    CHECK(holds(policy, part));
  }
  CHECK_FALSE(holds(policy, "unsafe"));
  const std::string page = status_page(well());
  CHECK(count_of(page, "<style>" + std::string(page_style) + "</style>") == 1);
  CHECK(count_of(page, "<script>" + std::string(page_script) + "</script>") == 1);
  // Attributes that would need a looser policy, and anything from elsewhere.
  for (const std::string_view part : {" style=", " onclick", "src=", "@import", "url(", "//cdn"}) {
    CAPTURE(part);
    CHECK_FALSE(holds(page, part));
  }
}

TEST_CASE("a gate that has just begun has a page") {
  const std::string page = status_page(Status{});
  CHECK(holds(page, "none so far"));
  CHECK(holds(page, "not asked yet"));
  CHECK_FALSE(holds(page, "nan"));
}
