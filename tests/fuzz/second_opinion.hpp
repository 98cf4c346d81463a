#pragma once
// The decision derived a second time, from the bytes of a head and in the most obvious way that there is:
// copies, splits and loops, nothing shared with proxy/ but the judgement of an authority. For heads that the
// parser accepts.

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace postern::fuzz {

struct KnownToken {
  std::string uid;
  bool expired = false;
  // Each "claim=value" that its claims meet, and each segment that they name, as "claim:segment".
  std::set<std::string> meets = {}, names = {};
};

struct KnownRule {
  std::string path;                          // a template
  char kind;                                 // 'u'ser, 't'oken, 'o'ptional, 'p'ublic
  std::vector<std::string> methods = {};     // none: all; with HEAD where GET is
  std::vector<std::string> conditions = {};  // "claim=value", "{segment}=claim"
};

struct KnownOverride {
  std::vector<std::string> methods;
  std::string condition;  // "claim=value"
};

struct World {
  std::vector<KnownRule> rules;
  std::vector<KnownOverride> overrides;
  std::map<std::string, KnownToken> tokens;  // good signatures; nobody can make another one
  unsigned long long max_body_bytes = 0;
  bool subprotocol_tokens = false;
};

struct Opinion {
  unsigned status = 200;  // 200: forwarded
  std::string detail;     // of a 401: "missing", "expired", "invalid"; of a 403: "condition", or empty
  bool overridden = false;
  std::string uid;   // of a request that is forwarded with identity
  std::string rule;  // the template that guards it; empty: none does
};

Opinion second_opinion(std::string_view head, const World& world);

}  // namespace postern::fuzz
