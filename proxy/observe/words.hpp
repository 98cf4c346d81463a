#pragma once
// Numbers in sentences for people.

#include <cstdint>
#include <string>
#include <string_view>

namespace postern::observe {

// "1 token", "3 tokens".
std::string count(std::uint64_t number, std::string_view what);

// "90 seconds", "25 minutes", "3 hours", "12 days"; nothing below 0.
std::string span_of(std::int64_t seconds);

}  // namespace postern::observe
