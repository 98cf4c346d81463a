#include "config/values/header_names.hpp"

#include <algorithm>
#include <array>

#include "config/values/values.hpp"

namespace postern::config {

bool is_header_name(std::string_view text) noexcept {
  static constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           others.find(c) != std::string_view::npos;
  });
}

std::string folded_header(std::string_view name) {
  std::string folded = lower_case(name);
  std::replace(folded.begin(), folded.end(), '_', '-');
  return folded;
}

bool is_reserved_header(std::string_view name) {
  constexpr std::array<std::string_view, 30> taken = {"accept",
                                                      "authorization",
                                                      "connection",
                                                      "content-encoding",
                                                      "content-length",
                                                      "content-range",
                                                      "content-type",
                                                      "cookie",
                                                      "date",
                                                      "expect",
                                                      "forwarded",
                                                      "host",
                                                      "http2-settings",
                                                      "keep-alive",
                                                      "origin",
                                                      "priority",
                                                      "proxy-authorization",
                                                      "proxy-connection",
                                                      "set-cookie",
                                                      "te",
                                                      "traceparent",
                                                      "tracestate",
                                                      "trailer",
                                                      "transfer-encoding",
                                                      "upgrade",
                                                      "via",
                                                      "x-postern-identity",
                                                      "x-postern-override",
                                                      "x-real-ip",
                                                      "x-request-id"};
  constexpr std::array<std::string_view, 3> families = {"sec-websocket-", "access-control-", "x-forwarded-"};
  const std::string folded = folded_header(name);
  return std::find(taken.begin(), taken.end(), folded) != taken.end() ||
         std::any_of(families.begin(), families.end(),
                     [&folded](std::string_view family) { return folded.starts_with(family); });
}

}  // namespace postern::config
