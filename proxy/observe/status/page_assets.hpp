#pragma once
// What the status page brings along, and the policy that lets a browser use nothing else.

#include <string>
#include <string_view>

namespace postern::observe {

extern const std::string_view page_style;
extern const std::string_view page_script;

// The value of Content-Security-Policy (CSP3): this style and this script by their hashes, the page itself to
// be fetched again, nothing else, in no frame.
const std::string& page_policy();

}  // namespace postern::observe
