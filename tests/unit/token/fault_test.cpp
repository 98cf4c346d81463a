#include <doctest/doctest.h>

#include <set>
#include <string_view>

#include "token/verifier.hpp"

using namespace postern::token;

TEST_CASE("every fault has a text of its own") {
  std::set<std::string_view> texts;
  const auto last = static_cast<unsigned>(TokenFault::no_key_set);
  for (unsigned fault = 0; fault <= last; ++fault) texts.insert(text_of(static_cast<TokenFault>(fault)));
  CHECK(texts.size() == last + 1);
  CHECK(texts.count("") == 0);
  CHECK(text_of(TokenFault::none) == "ok");
  CHECK(text_of(TokenFault::expired) == "expired");
  CHECK(text_of(TokenFault::subject_mismatch) == "subject mismatch");
}
