#include "command/routes.hpp"

#include <doctest/doctest.h>

#include <map>
#include <sstream>

#include "command/run.hpp"

using namespace postern;

namespace {

struct Ran {
  int code;
  std::string out, err;
};

Ran run(const std::vector<std::string>& arguments, std::vector<config::Variable> environment = {},
        const std::string& input = {}, const std::map<std::string, std::string>& files = {}) {
  environment.push_back({"BETTER_AUTH_SECRET", "0123456789abcdef0123456789abcdef"});
  config::HostEnvironment host;
  host.read_file = [&files](const std::string& path) -> config::FileContent {
    const auto found = files.find(path);
    if (found == files.end()) return {{}, "No such file or directory", false};
    return {found->second, {}};
  };
  std::istringstream in(input);
  std::ostringstream out, err;
  const int code = command::run(arguments, {environment, host, in, out, err, 1'767'225'600});
  return {code, out.str(), err.str()};
}

const std::string document =
    R"({"openapi":"3.1.0","paths":{"/api/{user_id}/x":{"get":{}},"/y":{"post":{"requestBody":{}}}}})";

}  // namespace

TEST_CASE("routes lists the operations and fails on a hole") {
  const Ran open = run({"routes", "--openapi", "-"}, {}, document);
  CHECK(open.code == 1);
  CHECK(open.out ==
        "ok         GET   /api/{user_id}/x  user /api/{user_id}/**\n"
        "unreached  POST  /y                -\n"
        "2 operations, 1 holes\n");
  const Ran closed = run({"routes", "--openapi", "-", "--json"}, {{"POSTERN_TOKEN_PATHS", "/y"}}, document);
  CHECK(closed.code == 0);
  CHECK(closed.out.ends_with("\"holes\":0}\n"));
  CHECK(run({"routes", "--openapi", "-", "--suggest"}, {}, document).out ==
        "POSTERN_USER_PATHS=/api/{user_id}/**\nPOSTERN_TOKEN_PATHS=/y\n");
}

TEST_CASE("routes refuses what is no document and no use of it") {
  const std::vector<std::vector<std::string>> rows = {{"routes", "x"},
                                                      {"routes", "--openapi"},
                                                      {"routes", "--openapi", "-", "x"},
                                                      {"routes", "--openapi", "-", "--json", "--suggest"},
                                                      {"routes", "--openapi", "/no/such/file"},
                                                      {"routes", "--openapi", "-"}};
  for (const auto& arguments : rows) {
    const Ran ran = run(arguments, {}, "no document");
    CHECK(ran.code == 2);
    CHECK(ran.out.empty());
    CHECK(ran.err.starts_with("postern: routes: "));
  }
}

TEST_CASE("explain --batch names the lines that are judged otherwise") {
  const std::map<std::string, std::string> files = {
      {"good", "GET /api/alice as alice -> 200\n"},
      {"bad", "GET /api/alice as alice -> 200\nGET /api/bob as alice -> 200\n"},
      {"broken", "GET /\n"}};
  const Ran good = run({"explain", "--batch", "good"}, {}, {}, files);
  CHECK(good.code == 0);
  CHECK(good.out == "1 requests, 0 judged otherwise\n");
  const Ran bad = run({"explain", "--batch", "bad"}, {}, {}, files);
  CHECK(bad.code == 1);
  CHECK(bad.out ==
        "bad:2: GET /api/bob as alice -> 200: it is 403 (another user)\n2 requests, 1 judged otherwise\n");
  CHECK(run({"explain", "--batch", "broken"}, {}, {}, files).code == 2);
  CHECK(run({"explain", "--batch", "missing"}, {}, {}, files).code == 2);
  CHECK(run({"explain", "--batch", "good", "GET", "/"}, {}, {}, files).code == 2);
}

TEST_CASE("check lists the rules most specific first, as comments") {
  const Ran ran = run({"check"}, {{"POSTERN_TOKEN_PATHS", "GET /a/{x} {x}=org"}});
  CHECK(ran.code == 0);
  CHECK(
      ran.out.ends_with("# rules, most specific first\n"
                        "# token  GET|HEAD  /a/{x}             {x}=org\n"
                        "# user   *         /api/{user_id}/**\n"));
}
