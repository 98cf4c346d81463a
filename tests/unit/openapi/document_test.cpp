#include "openapi/document.hpp"

#include <doctest/doctest.h>

#include "rules.hpp"

using namespace postern::openapi;
using namespace postern::openapi::test;

TEST_CASE("what is no OpenAPI document is refused with words") {
  struct Row {
    std::string text, problem;
  };
  const Row rows[] = {
      {"", "no JSON"},
      {"openapi: 3.0.2", "no JSON"},
      {"[]", "no OpenAPI"},
      {"{}", "no OpenAPI"},
      {R"({"swagger":"2.0","paths":{}})", "no OpenAPI"},
      {R"({"openapi":"2.0.0"})", "no OpenAPI"},
      {R"({"openapi":"3.2.0"})", "no OpenAPI"},
      {R"({"openapi":3})", "no OpenAPI"},
      {R"({"openapi":"3.1.0"} x)", "no JSON"},
      {std::string(max_document_bytes + 1, ' '), "larger than"},
      {R"({"openapi":"3.1.0","x":)" + std::string(100, '[') + std::string(100, ']') + "}", "no JSON"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text.substr(0, 60));
    const auto read = read_document(row.text);
    REQUIRE(std::holds_alternative<std::string>(read));
    CHECK(std::get<std::string>(read).find(row.problem) != std::string::npos);
  }
}

TEST_CASE("an operation is a method, a path, whether it takes a body, and what is said of security") {
  const auto operations = operations_of(R"({"openapi":"3.0.2","security":[{"key":[]}],"paths":{
    "/a/{id}/":{"summary":"x","parameters":[],"post":{"requestBody":{},"security":[]},
                "get":{"security":[{"a":[],"b":[]},{}]},"x-get":{}},
    "/b":{"patch":{}}}})");
  REQUIRE(operations.size() == 3);
  CHECK(operations[0].method == "GET");
  CHECK(operations[0].path == "/a/{id}/");
  CHECK(operations[0].segments.size() == 2);
  CHECK(operations[0].segments[1].kind == PathSegment::Kind::parameter);
  CHECK(operations[0].segments[1].text == "id");
  CHECK(operations[0].security == "a and b or none");
  CHECK_FALSE(operations[0].has_body);
  CHECK(operations[1].method == "POST");
  CHECK(operations[1].has_body);
  CHECK(operations[1].security == "none");
  CHECK(operations[2].security == "key");
}

TEST_CASE("the paths of the innermost servers count") {
  struct Row {
    std::string_view servers;
    std::vector<std::string> paths;
  };
  const Row rows[] = {
      {R"([])", {"/a"}},
      {R"([{"url":"/"}])", {"/a"}},
      {R"([{"url":"https://api.test"}])", {"/a"}},
      {R"([{"url":"https://api.test/"}])", {"/a"}},
      {R"([{"url":"https://api.test/v1/"}])", {"/v1/a"}},
      {R"([{"url":"/gw"}])", {"/gw/a"}},
      {R"([{"url":"gw"}])", {"/gw/a"}},
      {R"([{"url":"./gw"}])", {"/gw/a"}},
      {R"([{"url":"https://a.test/v1"},{"url":"/v1"},{"url":"/v2"}])", {"/v1/a", "/v2/a"}},
      {R"([{"url":"https://{host}/{base}","variables":{"host":{"default":"a.test"},"base":{"default":"v3"}}}])",
       {"/v3/a"}},
      {R"([1])", {"/a"}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.servers);
    const auto operations = operations_of(R"({"openapi":"3.1.0","servers":)" + std::string(row.servers) +
                                          R"(,"paths":{"/a":{"get":{}}}})");
    std::vector<std::string> paths;
    for (const Operation& one : operations) paths.push_back(one.path);
    CHECK(paths == row.paths);
  }
  const auto inner = operations_of(R"({"openapi":"3.1.0","servers":[{"url":"/x"}],"paths":{
    "/a":{"servers":[{"url":"/y"}],"get":{"servers":[{"url":"/z"}]},"put":{}}}})");
  REQUIRE(inner.size() == 2);
  CHECK(inner[0].path == "/z/a");
  CHECK(inner[1].path == "/y/a");
}

TEST_CASE(
    "segments that are in part parameters are told from whole ones, and paths that no request has are "
    "marked") {
  const auto operations = gets({"/r/{y}-{m}.csv", "/r/{y}", "/a//b", "/a/..", "/a?b", "a", "/"});
  REQUIRE(operations.size() == 7);
  CHECK(operations[0].segments[1].kind == PathSegment::Kind::mixed);
  CHECK(names_in(operations[0].segments[1]) == std::vector<std::string_view>{"y", "m"});
  CHECK(operations[1].segments[1].kind == PathSegment::Kind::parameter);
  CHECK(operations[1].reachable);
  for (const std::size_t at : {2U, 3U, 4U, 5U}) CHECK_FALSE(operations[at].reachable);
  CHECK(operations[6].reachable);
  CHECK(operations[6].segments.empty());
}

TEST_CASE("what FastAPI writes is read") {
  CHECK(document("tidy").size() == 6);
  CHECK(document("holes").size() == 10);
  const auto nested = document("nested");
  CHECK(nested.size() == 6);
  for (const Operation& one : nested) CHECK(one.path.starts_with("/gw/"));
}
