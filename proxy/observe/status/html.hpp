#pragma once
// Pieces of HTML: text is escaped where it enters.

#include <cstdint>
#include <string>
#include <string_view>

namespace postern::observe {

// For text and for values in double quotes. Control characters become U+FFFD, and so do bytes over 0x7F: what
// is shown here is ASCII, or else not to be trusted.
std::string escaped(std::string_view text);

// The text with what may be a password taken out of each URL in it: "https://user:secret@host/" becomes
// "https://host/".
std::string without_user_info(std::string_view text);

// "12,345".
std::string grouped(std::uint64_t number);
// Three significant digits or so: "0", "0.042", "1.7", "120".
std::string short_number(double number);
// Seconds as "0.42 ms", "17 ms", "1.2 s"; 0: "-".
std::string duration_text(double seconds);
// "2026-01-01 00:00:00" UTC; 0: "never".
std::string time_text(std::int64_t unix_seconds);
// "42 s", "17 min", "3 h 20 min", "12 d 3 h".
std::string span_text(std::int64_t seconds);

}  // namespace postern::observe
