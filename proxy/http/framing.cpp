#include "http/framing.hpp"

#include <algorithm>
#include <limits>

#include "http/byte_class.hpp"

namespace postern::http {
namespace {

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

HeadFault note_content_length(FramingFacts& facts, const Field& field) noexcept {
  // Even two equal ones: which of them counts, and whether both are passed on, differs from parser to parser.
  if (facts.has_content_length) return HeadFault::duplicate_content_length;
  if (padded_with_tab(field) || !parse_content_length(field.value, facts.content_length))
    return HeadFault::malformed_content_length;
  facts.has_content_length = true;
  return facts.chunked ? HeadFault::conflicting_framing : HeadFault::none;
}

HeadFault note_transfer_encoding(FramingFacts& facts, const Field& field, Version version) noexcept {
  if (facts.chunked || padded_with_tab(field) || !equal_ignoring_case(field.value, "chunked")) {
    return HeadFault::malformed_transfer_encoding;
  }
  facts.chunked = true;
  // RFC 9112 6.1: with Content-Length it may be an attempt at smuggling, on HTTP/1.0 the framing is faulty.
  const bool conflict = facts.has_content_length || version == Version::http_1_0;
  return conflict ? HeadFault::conflicting_framing : HeadFault::none;
}

// `each` takes the options one by one and says whether there is room for more.
template <typename Each>
HeadFault read_options(std::string_view list, Each each) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    const std::string_view option = without_outer_space(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
    if (option.empty()) continue;  // RFC 9110 5.6.1.2
    if (!is_token(option)) return HeadFault::malformed_connection;
    if (!each(option)) return HeadFault::head_too_large;
  }
  return HeadFault::none;
}

HeadFault note_connection(FramingFacts& facts, std::string_view list,
                          std::vector<std::string_view>& connection) {
  return read_options(list, [&](std::string_view option) {
    if (connection.size() == max_connection_options) return false;
    connection.push_back(option);
    facts.close |= equal_ignoring_case(option, "close");
    facts.keep_alive |= equal_ignoring_case(option, "keep-alive");
    facts.upgrade |= equal_ignoring_case(option, "upgrade");
    return true;
  });
}

}  // namespace

HeadFault note_field(FramingFacts& facts, const Field& field, Version version,
                     std::vector<std::string_view>& connection) {
  switch (field.known) {
    case FieldName::content_length:
      return note_content_length(facts, field);
    case FieldName::transfer_encoding:
      return note_transfer_encoding(facts, field, version);
    case FieldName::connection:
      return note_connection(facts, field.value, connection);
    case FieldName::proxy_connection:
      // It ends here whatever it says, but Beast wants it to be a list.
      facts.proxy_connection = true;
      return read_options(field.value, [](std::string_view) { return true; });
    case FieldName::upgrade:
      ++facts.upgrade_fields;
      facts.upgrades_to_websocket = equal_ignoring_case(field.value, "websocket");
      return HeadFault::none;
    case FieldName::unknown: {
      // Content_Length, Transfer_Encoding: some backends read them as the real ones.
      const bool underscored = field.field_class == FieldClass::content_length ||
                               field.field_class == FieldClass::transfer_encoding;
      return underscored ? HeadFault::underscored_framing : HeadFault::none;
    }
    default:
      return HeadFault::none;
  }
}

}  // namespace postern::http
