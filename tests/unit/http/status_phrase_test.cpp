#include "http/status_phrase.hpp"

#include <doctest/doctest.h>

#include <string_view>

using namespace postern::http;

TEST_CASE("the statuses of the gate's own answers have the phrases of RFC 9110") {
  struct {
    unsigned status;
    std::string_view phrase;
  } const cases[] = {
      {400, "Bad Request"},        {401, "Unauthorized"},
      {403, "Forbidden"},          {404, "Not Found"},
      {405, "Method Not Allowed"}, {408, "Request Timeout"},
      {413, "Content Too Large"},  {414, "URI Too Long"},
      {429, "Too Many Requests"},  {431, "Request Header Fields Too Large"},
      {502, "Bad Gateway"},        {503, "Service Unavailable"},
      {504, "Gateway Timeout"},    {505, "HTTP Version Not Supported"},
  };
  for (const auto& test : cases) CHECK(status_phrase(test.status) == test.phrase);
}
