#pragma once
// How messages are delimited, by the strict rules of this gate: what the fields that steer a connection say,
// gathered one field at a time while a head is read (RFC 9112 6 and 9, RFC 9110 7.6.1 and 7.8). Beast reads
// the same bytes; both must agree.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "http/head_fault.hpp"
#include "http/message.hpp"

namespace postern::http {

// The options of all Connection fields together: each of them is compared with every field when the head is
// rewritten.
inline constexpr std::size_t max_connection_options = 64;

struct FramingFacts {
  std::uint64_t content_length = 0;
  bool has_content_length = false;
  bool chunked = false;  // Transfer-Encoding is there; nothing but chunked gets this far
  bool close = false;    // connection options
  bool keep_alive = false;
  bool upgrade = false;
  bool proxy_connection = false;       // the field is there, which Beast takes for Connection
  bool upgrades_to_websocket = false;  // the last Upgrade field's value is exactly that
  unsigned upgrade_fields = 0;
  unsigned expect_fields = 0;

  // RFC 9112 9.3; close wins over keep-alive.
  [[nodiscard]] bool persists(Version version) const noexcept {
    return !close && (version == Version::http_1_1 || keep_alive);
  }
  [[nodiscard]] bool names_websocket() const noexcept {
    return upgrade && upgrade_fields == 1 && upgrades_to_websocket;
  }
};

// Adds one field, a view into its whole line, of a message of `version`; its connection options go to
// `connection` as well.
HeadFault note_field(FramingFacts& facts, const Field& field, Version version,
                     std::vector<std::string_view>& connection);

}  // namespace postern::http
