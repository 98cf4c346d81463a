#pragma once
// The plain kinds of values: durations, sizes, numbers, yes and no, lists.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern::config {

using Milliseconds = std::chrono::milliseconds;

// "250ms", "10s", "5m", "1h", "30d", and "0"; whole numbers, at most 10 years.
std::optional<Milliseconds> parse_duration(std::string_view text);
std::string to_string(Milliseconds duration);

// "512", "16KiB", "100MiB", "1GiB", "1TiB" in bytes.
std::optional<std::uint64_t> parse_size(std::string_view text);
std::string size_to_string(std::uint64_t bytes);

std::optional<std::uint64_t> parse_number(std::string_view text);

// true, yes, on, 1 and false, no, off, 0 in any case.
std::optional<bool> parse_bool(std::string_view text);

// Comma-separated, white space around the elements dropped, empty elements too.
std::vector<std::string_view> parse_list(std::string_view text);

std::string_view trimmed(std::string_view text) noexcept;
std::string lower_case(std::string_view text);

// A value for a message: control characters and non-ASCII escaped, at most 60 bytes of it.
std::string shown(std::string_view value);
// What is said of a secret instead of showing it: "set (44 bytes)".
std::string shown_secret(std::string_view secret);

}  // namespace postern::config
