// The rooms name their reasons themselves; the closed list of the metrics, which sees none of them, must hold
// them all.

#include "observe/metrics/refusal_reasons.hpp"

#include <doctest/doctest.h>

#include "gate/credentials.hpp"
#include "http/head_fault.hpp"
#include "route/target.hpp"
#include "token/verifier.hpp"

using namespace postern;

namespace {

// The faults from 1, since 0 is none, to the last one.
template <class Fault>
void check_all(Fault last) {
  for (unsigned i = 1; i <= static_cast<unsigned>(last); ++i) {
    const auto fault = static_cast<Fault>(i);
    const std::string_view name = text_of(fault);
    CAPTURE(name);
    CHECK(observe::reason_index(name) != observe::other_reason);
  }
}

}  // namespace

TEST_CASE("each reason for a refusal is a label of its own in the metrics") {
  check_all(token::TokenFault::subject_mismatch);
  check_all(route::TargetFault::malformed_utf8);
  check_all(gate::CredentialFault::malformed);
  for (unsigned i = 1; i <= static_cast<unsigned>(http::HeadFault::refused_method); ++i) {
    const auto fault = static_cast<http::HeadFault>(i);
    // Faults of responses refuse no request.
    if (fault == http::HeadFault::malformed_status_line || fault == http::HeadFault::unexpected_framing)
      continue;
    const std::string_view name = http::text_of(fault);
    CAPTURE(name);
    CHECK(observe::reason_index(name) != observe::other_reason);
  }
  for (const std::string_view name :
       {"no rule", "another user", "content too large", "body too large", "malformed chunked body",
        "token expired while streaming", "head timeout"}) {
    CAPTURE(name);
    CHECK(observe::reason_index(name) != observe::other_reason);
  }
}
