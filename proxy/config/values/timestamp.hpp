#pragma once
// Points in time as they are written in variables (RFC 3339).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace postern::config {

// "2027-01-31T00:00:00Z" or with an offset, "2027-01-31T01:00:00+01:00", as Unix seconds; a fraction of a
// second is dropped. Nothing for other texts and for dates that do not exist; second 60 counts as the next
// minute's 0.
std::optional<std::int64_t> parse_timestamp(std::string_view text);

// The same in UTC. From year 0 to 9999.
std::string timestamp_to_string(std::int64_t unix_seconds);

}  // namespace postern::config
