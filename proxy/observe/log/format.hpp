#pragma once
// Records and events as lines of the log, without the newline.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "observe/log/access_record.hpp"

namespace postern::observe {

// colored_text is text with escapes for a terminal.
enum class Format : std::uint8_t { json, text, colored_text };

// Writes a line as it will stand in the log, without the newline, and returns its size; 0: the room is too
// small. Times are UTC (RFC 3339). Bytes that are not printable ASCII are escaped, so that no request can
// forge a line.
std::size_t write_access(std::span<char> room, const AccessRecord& record, Format format) noexcept;
// The room that it may take, in bytes.
std::size_t longest_line(const AccessRecord& record) noexcept;

std::string format_event(std::int64_t unix_microseconds, Level level, std::string_view message,
                         Details details, Format format);

}  // namespace postern::observe
