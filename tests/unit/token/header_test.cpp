#include "token/header.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "sample.hpp"

using namespace postern::token;

TEST_CASE("the header that is taken unread would be taken when read") {
  std::string json(decoded_size(usual_header.size()), '\0');
  REQUIRE(decode_base64url(usual_header, json));
  Header header;
  CHECK(HeaderReader().check(json, header) == TokenFault::none);
  CHECK(header.algorithm == Algorithm::hs256);
}

TEST_CASE("a header is judged in a fixed order, by what stands at its top only") {
  struct Case {
    std::string_view json;
    TokenFault expected;
    std::string_view why;
  };
  using enum TokenFault;
  const std::vector<Case> cases{
      {"", malformed_header, "nothing"},
      {"null", malformed_header, "no object"},
      {R"("HS256")", malformed_header, "no object"},
      {R"({"alg":"HS256"}x)", malformed_header, "something behind"},
      {R"({"alg":"HS256","x":{"y":1,"y":2}})", malformed_header, "a name twice, deep inside"},
      {R"({"alg":"none","typ":"x","crit":[],"x":})", malformed_header, "syntax comes first"},
      {R"({"crit":[],"typ":"x","alg":"none"})", unsupported_algorithm, "then the algorithm"},
      {R"({"crit":[],"typ":"x","alg":"HS256"})", unsupported_type, "then the type"},
      {R"({"crit":[],"alg":"HS256"})", critical_extension, "extensions come last"},
      {R"({"alg":"HS256","x":{"alg":"none","typ":"x","crit":["x"],"b64":false}})", none, "all inside"},
      {R"({"alg":"HS256","CRIT":["x"],"Typ":"x","B64":false})", none, "names are case-sensitive"},
      {" {\r\n\t\"alg\" : \"HS256\" }\n", none, "white space"},
  };
  HeaderReader reader;
  for (const auto& [json, expected, why] : cases) {
    CAPTURE(json);
    CAPTURE(why);
    Header header;
    CHECK(text_of(reader.check(json, header)) == text_of(expected));
  }
}
