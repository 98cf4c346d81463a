#pragma once
// What is explained: a request, what was decided about it, and all that the decision followed from.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "explain/token_view.hpp"
#include "gate/judge.hpp"
#include "http/message.hpp"
#include "route/target.hpp"
#include "token/claims.hpp"
#include "token/keys/keys.hpp"

namespace postern::explain {

// How a key set was had, in the order of token::Keys::sets.
struct KeySetReport {
  std::string name;     // its URL without user-info or query, or its file
  std::string problem;  // of the fetch; empty: it went well, or none was made
  bool fetched = false;
};

struct Subject {
  const gate::Verdict& verdict;
  const http::RequestHead& head;  // without fields where the head was refused
  std::string_view method;        // as given
  const route::Target& target;
  std::string_view given;  // the token as it was given, also when it is none; empty: none
  const TokenView& token;  // of it
  const gate::Policy& policy;
  const token::ClaimsPolicy& claims;
  const token::Keys& keys;
  const std::vector<KeySetReport>& key_sets;
  std::int64_t now;  // Unix seconds
};

// Of the token: whether it names HS256.
bool is_signed_by_secret(const TokenView& token);
// The set whose keys are for the token's issuer, as the verifier chooses it; nothing: none.
std::optional<std::size_t> set_of(const TokenView& token, const token::Keys& keys);

}  // namespace postern::explain
