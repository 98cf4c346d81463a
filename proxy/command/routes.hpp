#pragma once
// `postern routes`: the operations of the service against the rules.

#include <string_view>

#include "command/context.hpp"

namespace postern::command {

// What `routes` prints of a document.
struct RoutesFormat {
  bool suggest = false;  // variables that would cover the service, in place of the list
  bool json = false;
};

// [--openapi FILE|URL|-] [--suggest] [--json]: reads or fetches the document and lists it; without a source
// it asks the upstream. `failed` too where it cannot be fetched.
int routes(std::span<const std::string> arguments, const Context& context);

// The list for the text of an OpenAPI document, wherever it came from, under a configuration without
// problems. `failed` where there is a hole, `misused` where the text is no such document.
int list_routes(std::string_view document, const config::Config& config, const RoutesFormat& format,
                const Context& context);

}  // namespace postern::command
