#pragma once
// The whole explanation of one request: the cause, the remedy, each step of the decision, and the answer; as
// text for a person and as JSON for a program.

#include <string>
#include <string_view>
#include <vector>

#include "explain/subject.hpp"
#include "explain/token_checks.hpp"

namespace postern::explain {

struct Step {
  std::string_view name;
  bool good = true;
  std::string note;  // what was found; where it failed the log's reason
};

struct Explanation {
  bool forwarded = false;
  unsigned status = 0;      // of the gate's own answer; 0: forwarded
  std::string answer;       // "401 Token expired", "forwarded as alice"
  std::string_view reason;  // as in the log
  std::string cause;        // a sentence
  std::string remedy;
  std::vector<Step> steps;  // up to the one that decided
  std::vector<TokenCheck> token;
};

// `acted_on`: what becomes of the verdict, which differs from it in shadow mode alone.
Explanation explain(const Subject& subject, const gate::Verdict& acted_on);

std::string as_text(const Explanation& explanation);
// One line: cause, remedy, forwarded, status (null where forwarded), answer, reason, steps, token.
std::string as_json(const Explanation& explanation);

}  // namespace postern::explain
