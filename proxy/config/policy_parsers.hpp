#pragma once
// How the settings that go beyond the rules are read and shown: overrides, claim headers, shadow mode. A
// parser returns what is wrong with the value, or nothing.

#include <string>
#include <string_view>

#include "config/config.hpp"

namespace postern::config::setting_parsers {

std::string read_overrides(std::string_view value, Config& config);
std::string show_overrides(const Config& config);
std::string read_claim_headers(std::string_view value, Config& config);
std::string show_claim_headers(const Config& config);
std::string read_shadow_until(std::string_view value, Config& config);
std::string show_shadow_until(const Config& config);

}  // namespace postern::config::setting_parsers
