#pragma once
// The decision for one request as the server makes it: the gate's, with what this thread remembers of tokens
// and what the rates allow.

#include <cstdint>
#include <string_view>

#include "gate/judge.hpp"
#include "relay/relay_context.hpp"

namespace postern::relay {

struct Judgement {
  gate::Verdict verdict;
  std::uint32_t retry_after = 0;                     // seconds, for 429
  const gate::RateLimitFields* user_rate = nullptr;  // for the 429 of the user's own rate
};

// `client`: the address that failures are counted for, as text. `steady`: of a clock that never goes back.
// Fills buffers.claim_fields. What the verdict shows of the token is valid until this thread judges again.
Judgement judge_request(RelayContext& context, RequestBuffers& buffers, std::string_view client,
                        std::int64_t unix_seconds, transport::Clock::time_point steady,
                        const gate::Circumstances& circumstances);

// Counts a token against its address that was not counted when it was judged, since a key could have come.
void note_failed_token(RelayContext& context, std::string_view client, transport::Clock::time_point steady);

// In shadow mode a refusal for want of a right is forwarded, without any identity.
void apply_shadow(RelayContext& context, RequestBuffers& buffers, std::int64_t unix_seconds,
                  Judgement& judgement);

}  // namespace postern::relay
