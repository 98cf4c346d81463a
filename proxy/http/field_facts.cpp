#include "http/field_facts.hpp"

#include <algorithm>
#include <limits>

#include "http/characters.hpp"
#include "http/head_scan.hpp"

namespace postern::http {
namespace {

KnownField framing_name(std::string_view name, std::string_view expected, KnownField known) noexcept {
  if (!equal_when_folded(name, expected)) return KnownField::other;
  return name.find('_') == std::string_view::npos ? known : KnownField::underscored_framing;
}

// 1 to 19 digits and at most 2^63 - 1: wider ones overflow in somebody's parser, a sign or a list is read
// differently.
bool parse_content_length(std::string_view value, std::uint64_t& length) noexcept {
  constexpr std::size_t most_digits = 19;
  if (value.empty() || value.size() > most_digits) return false;
  length = 0;
  for (const char digit : value) {
    if (digit < '0' || digit > '9') return false;
    length = length * 10 + static_cast<std::uint64_t>(digit - '0');
  }
  return length <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
}

// Tabs around the value are legal (RFC 9110 5.5), but no sender writes them and some parsers take them for a
// part of it: a known way to hide a framing field. The field is a view into its line, which ends in CR.
bool padded_with_tab(const Field& field) noexcept {
  const char* byte = field.name.data() + field.name.size() + 1;
  const char* const value_end = field.value.data() + field.value.size();
  for (; byte != field.value.data(); ++byte) {
    if (*byte == '\t') return true;
  }
  for (byte = value_end; *byte != '\r'; ++byte) {
    if (*byte == '\t') return true;
  }
  return false;
}

HeadFault note_content_length(FieldFacts& facts, const Field& field) noexcept {
  // Even two equal ones: which of them counts, and whether both are passed on, differs from parser to parser.
  if (facts.has_content_length) return HeadFault::duplicate_content_length;
  if (padded_with_tab(field) || !parse_content_length(field.value, facts.content_length))
    return HeadFault::malformed_content_length;
  facts.has_content_length = true;
  return facts.chunked ? HeadFault::conflicting_framing : HeadFault::none;
}

HeadFault note_transfer_encoding(FieldFacts& facts, const Field& field, Version version) noexcept {
  if (facts.chunked || padded_with_tab(field) || !equal_ignoring_case(field.value, "chunked")) {
    return HeadFault::malformed_transfer_encoding;
  }
  facts.chunked = true;
  // RFC 9112 6.1: with Content-Length it may be an attempt at smuggling, on HTTP/1.0 the framing is faulty.
  const bool conflict = facts.has_content_length || version == Version::http_1_0;
  return conflict ? HeadFault::conflicting_framing : HeadFault::none;
}

HeadFault note_connection(FieldFacts& facts, std::string_view list,
                          std::vector<std::string_view>& connection) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    const std::string_view option = without_outer_space(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
    if (option.empty()) continue;  // RFC 9110 5.6.1.2
    if (!is_token(option)) return HeadFault::malformed_connection;
    if (connection.size() == max_connection_options) return HeadFault::head_too_large;
    connection.push_back(option);
    facts.close |= equal_ignoring_case(option, "close");
    facts.keep_alive |= equal_ignoring_case(option, "keep-alive");
    facts.upgrade |= equal_ignoring_case(option, "upgrade");
  }
  return HeadFault::none;
}

}  // namespace

KnownField recognise(std::string_view name) noexcept {
  const auto plain = [name](std::string_view expected, KnownField known) {
    return equal_ignoring_case(name, expected) ? known : KnownField::other;
  };
  switch (name.size()) {
    case 4:
      return plain("host", KnownField::host);
    case 6:
      return plain("expect", KnownField::expect);
    case 7:
      return plain("upgrade", KnownField::upgrade);
    case 10:
      return plain("connection", KnownField::connection);
    case 14:
      return framing_name(name, "content-length", KnownField::content_length);
    case 17:
      return framing_name(name, "transfer-encoding", KnownField::transfer_encoding);
    default:
      return KnownField::other;
  }
}

HeadFault note_field(FieldFacts& facts, KnownField known, const Field& field, Version version,
                     std::vector<std::string_view>& connection) {
  switch (known) {
    case KnownField::content_length:
      return note_content_length(facts, field);
    case KnownField::transfer_encoding:
      return note_transfer_encoding(facts, field, version);
    case KnownField::underscored_framing:
      return HeadFault::underscored_framing;
    case KnownField::connection:
      return note_connection(facts, field.value, connection);
    case KnownField::upgrade:
      ++facts.upgrade_fields;
      facts.upgrades_to_websocket = equal_ignoring_case(field.value, "websocket");
      return HeadFault::none;
    case KnownField::host:
    case KnownField::expect:
    case KnownField::other:
      return HeadFault::none;
  }
  return HeadFault::none;
}

}  // namespace postern::http
