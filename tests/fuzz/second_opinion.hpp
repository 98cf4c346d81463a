#pragma once
// The decision derived a second time, from the bytes of a head and in the most obvious way that there is:
// copies, splits and loops, nothing shared with proxy/ but the judgement of an authority. For heads that the
// parser accepts.

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace postern::fuzz {

struct KnownToken {
  std::string uid;
  bool expired = false;
};

struct KnownRule {
  std::string path;                       // a template
  char kind;                              // 'u'ser, 't'oken, 'o'ptional, 'p'ublic
  std::vector<std::string> methods = {};  // none: all
};

struct World {
  std::vector<KnownRule> rules;
  std::map<std::string, KnownToken> tokens;  // good signatures; nobody can make another one
  unsigned long long max_body_bytes = 0;
  bool subprotocol_tokens = false;
};

struct Opinion {
  unsigned status = 200;  // 200: forwarded
  std::string detail;     // of a 401: "missing", "expired", "invalid"
  std::string uid;        // of a request that is forwarded with identity
  std::string rule;       // the template that guards it; empty: none does
};

Opinion second_opinion(std::string_view head, const World& world);

}  // namespace postern::fuzz
