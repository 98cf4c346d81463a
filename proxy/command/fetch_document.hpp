#pragma once
// Fetches a service's OpenAPI document, for `postern routes`.

#include <string>
#include <string_view>
#include <variant>

#include "config/config.hpp"

namespace postern::command {

struct Document {
  std::string text;
};
// The document below an http:// or https:// URL, or at /openapi.json of the configuration's upstream when
// `url` is empty; or why it was not to be had, in words for a person. Waits for the answer, a few seconds at
// most; redirects are not followed. An https URL is verified against POSTERN_UPSTREAM_CA_FILE where the
// upstream has one, else against the system's authorities.
std::variant<Document, std::string> fetch_document(std::string_view url, const config::Config& config);

}  // namespace postern::command
