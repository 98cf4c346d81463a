#pragma once
// What is remembered of one request for its log line. Plain values: this room knows none of the others.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "observe/log/event.hpp"

namespace postern::observe {

// Views must live until the record is pushed; the queue copies their bytes. There is no room for a token
// here: the query, the fields and the body are never recorded.
struct AccessRecord {
  std::int64_t unix_microseconds = 0;  // when the head was complete
  Level level = Level::info;           // warn: an upstream failure
  std::string_view request_id;
  std::string_view trace_id;  // of a valid traceparent; empty: none
  std::string_view peer;
  std::string_view method;      // "-" when it could be something else
  std::string_view path;        // raw, without the query; empty when that cannot be told for certain
  std::string_view rule;        // the template that matched; empty: none
  std::string_view verdict;     // "forward", "refuse", "shadow", "override" or "close"
  std::string_view reason;      // "ok", "expired", "encoded slash", ...
  std::string_view uid;         // verified; empty: nobody
  std::string_view upstream;    // the address that failed; empty where none did
  std::string_view problem;     // why, as the system says it: "Connection refused"
  unsigned status = 0;          // sent to the client; 0: the connection ended without an answer
  std::uint64_t bytes_in = 0;   // request body, as received
  std::uint64_t bytes_out = 0;  // response body, as sent
  std::uint32_t total_microseconds = 0;
  std::uint32_t upstream_microseconds =
      0;              // from the first byte sent upstream to its final response head; 0: not asked
  float sampled = 1;  // the share of such requests that is logged; below 1 the line says so
};

// All texts of a record.
inline constexpr std::array text_members = {
    &AccessRecord::request_id, &AccessRecord::trace_id, &AccessRecord::peer,    &AccessRecord::method,
    &AccessRecord::path,       &AccessRecord::rule,     &AccessRecord::verdict, &AccessRecord::reason,
    &AccessRecord::uid,        &AccessRecord::upstream, &AccessRecord::problem};

// Those that the request itself spells. Copies them into `storage`, which the record shows from then on, so
// that it may outlive the request's bytes.
void own_request_texts(AccessRecord& record, std::string& storage);

}  // namespace postern::observe
