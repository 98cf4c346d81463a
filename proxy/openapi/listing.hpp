#pragma once
// The coverage of a service for people and for programs.

#include <span>
#include <string>
#include <string_view>

#include "openapi/coverage.hpp"

namespace postern::openapi {

// A line for each operation: hole or "ok", method, path, kind and rule, and what the document says of
// security (in brackets: nobody relies on it). Control characters of the document are shown as '?'.
std::string to_table(std::span<const Coverage> coverage);

// {"operations": [{method, path, kind, rule, conditions, hole}], "holes": N}: kind, rule and hole are null
// where there is none; rule is the methods and the template, conditions a list of texts.
std::string to_json(std::span<const Coverage> coverage);

// With '?' for control characters: the document may come from a service that somebody else wrote, and this
// goes to a terminal.
std::string printable(std::string_view text);

}  // namespace postern::openapi
