#include "route/target.hpp"

#include <algorithm>
#include <cstddef>

#include "route/utf8.hpp"

namespace postern::route {
namespace {

constexpr int hex_value(char digit) noexcept {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  return -1;
}

// `prefix` is in lower case; the scheme is case-insensitive (RFC 3986 3.1).
bool starts_with_scheme(std::string_view text, std::string_view prefix) noexcept {
  if (text.size() < prefix.size()) return false;
  return std::equal(prefix.begin(), prefix.end(), text.begin(), [](char expected, char given) {
    return expected == (given >= 'A' && given <= 'Z' ? static_cast<char>(given - 'A' + 'a') : given);
  });
}

std::size_t scheme_size(std::string_view raw) noexcept {
  for (const std::string_view scheme : {std::string_view("http://"), std::string_view("https://")}) {
    if (starts_with_scheme(raw, scheme)) return scheme.size();
  }
  return 0;
}

// What no reading of RFC 3986 allows in an authority and what clients and servers are known to cut it at
// differently.
bool splits_cleanly(std::string_view authority) noexcept {
  return !authority.empty() && std::none_of(authority.begin(), authority.end(), [](char character) {
    return is_c0_or_del(character) || !is_ascii(character) || character == ' ' || character == '@' ||
           character == '\\';
  });
}

TargetFault check_raw_path(std::string_view path) noexcept {
  for (const char character : path) {
    if (character == '#') return TargetFault::fragment;
    if (character == '\\') return TargetFault::backslash;
    if (character == ' ' || is_c0_or_del(character)) return TargetFault::control_character;
    if (!is_ascii(character)) return TargetFault::non_ascii;
  }
  return TargetFault::none;
}

// The query takes no part in the decision, so only what could end the request line or begin a fragment is
// refused, and bytes that no URI has (RFC 3986 2): uvicorn's parsers, h11 and httptools, refuse them too.
TargetFault check_query(std::string_view query) noexcept {
  for (const char character : query) {
    if (character == '#') return TargetFault::fragment;
    if (character == ' ' || is_c0_or_del(character)) return TargetFault::control_character;
    if (!is_ascii(character)) return TargetFault::non_ascii;
  }
  return TargetFault::none;
}

}  // namespace

std::string_view text_of(TargetFault fault) noexcept {
  switch (fault) {
    case TargetFault::none:
      return "none";
    case TargetFault::not_origin_or_absolute_form:
      return "not origin-form or absolute-form";
    case TargetFault::malformed_authority:
      return "malformed authority";
    case TargetFault::encoded_slash:
      return "encoded slash";
    case TargetFault::backslash:
      return "backslash";
    case TargetFault::dot_segment:
      return "dot segment";
    case TargetFault::empty_segment:
      return "empty segment";
    case TargetFault::fragment:
      return "fragment";
    case TargetFault::control_character:
      return "control character";
    case TargetFault::non_ascii:
      return "non-ASCII byte";
    case TargetFault::malformed_percent_encoding:
      return "malformed percent-encoding";
    case TargetFault::malformed_utf8:
      return "malformed UTF-8";
  }
  return "unknown";
}

TargetFault Target::parse(std::string_view raw) {
  clear();
  const TargetFault fault = read(raw);
  if (fault != TargetFault::none) clear();
  return fault;
}

void Target::clear() noexcept {
  origin_form_ = authority_ = raw_path_ = {};
  segments_.clear();
}

TargetFault Target::read(std::string_view raw) {
  std::string_view rest = raw;
  if (!raw.starts_with('/')) {
    const std::size_t scheme = scheme_size(raw);
    if (scheme == 0) return TargetFault::not_origin_or_absolute_form;
    const std::size_t end = std::min(raw.find_first_of("/?#", scheme), raw.size());
    authority_ = raw.substr(scheme, end - scheme);
    if (!splits_cleanly(authority_)) return TargetFault::malformed_authority;
    rest = raw.substr(end);
  }
  const std::size_t path_size = std::min(rest.find('?'), rest.size());
  if (const TargetFault fault = check_query(rest.substr(path_size)); fault != TargetFault::none) return fault;
  if (path_size > 0) {
    origin_form_ = rest;
    raw_path_ = rest.substr(0, path_size);
    return read_path(raw_path_);
  }
  // An absolute-form without a path means "/" (RFC 9110 4.2.3).
  rebuilt_.assign("/").append(rest);
  origin_form_ = rebuilt_;
  raw_path_ = origin_form_.substr(0, 1);
  return TargetFault::none;
}

TargetFault Target::read_path(std::string_view path) {
  if (const TargetFault fault = check_raw_path(path); fault != TargetFault::none) return fault;
  if (path.find('%') == path.npos) return split(path);
  if (const TargetFault fault = decode(path); fault != TargetFault::none) return fault;
  return split(decoded_);
}

// Once and whole, as the ASGI server does before it routes.
TargetFault Target::decode(std::string_view path) {
  decoded_.clear();
  for (std::size_t at = 0; at < path.size(); ++at) {
    if (path[at] != '%') {
      decoded_.push_back(path[at]);
      continue;
    }
    if (path.size() - at < 3) return TargetFault::malformed_percent_encoding;
    const int high = hex_value(path[at + 1]);
    const int low = hex_value(path[at + 2]);
    if (high < 0 || low < 0) return TargetFault::malformed_percent_encoding;
    const char byte = static_cast<char>(high * 16 + low);
    if (byte == '/' || byte == '\\') return TargetFault::encoded_slash;
    decoded_.push_back(byte);
    at += 2;
  }
  if (!valid_utf8(decoded_)) return TargetFault::malformed_utf8;
  return has_control_character(decoded_) ? TargetFault::control_character : TargetFault::none;
}

TargetFault Target::split(std::string_view path) {
  std::string_view rest = path.substr(1);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('/'), rest.size());
    const std::string_view segment = rest.substr(0, end);
    if (segment.empty()) return TargetFault::empty_segment;
    if (segment == "." || segment == "..") return TargetFault::dot_segment;
    segments_.push_back(segment);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return TargetFault::none;
}

}  // namespace postern::route
