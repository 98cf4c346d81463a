#pragma once
// The text format: columns for people, with colour where it is read in a terminal.

#include "observe/log/access_record.hpp"
#include "observe/log/line.hpp"

namespace postern::observe {

void put_access_as_text(Line& line, const AccessRecord& record, bool colored) noexcept;
void put_event_as_text(Line& line, std::int64_t unix_microseconds, Level level, std::string_view message,
                       Details details, bool colored) noexcept;

}  // namespace postern::observe
