#pragma once
// HTTP/1.1 messages as views over the caller's buffer: nothing here owns a byte of the message.

#include <cstdint>
#include <string_view>
#include <vector>

#include "http/beast_vocabulary.hpp"
#include "http/field_policy.hpp"
#include "http/name_comparison.hpp"

namespace postern::http {

enum class Version : std::uint8_t { http_1_0, http_1_1 };

// How the end of a body is found (RFC 9112 6.3).
enum class Framing : std::uint8_t { none, content_length, chunked, until_close };

// One field line: the name as sent, the value without the optional white space around it (RFC 9110 5.5). The
// name is looked up once, when the field is made.
struct Field {
  Field(std::string_view field_name, std::string_view field_value) noexcept;
  Field(std::string_view field_name, std::string_view field_value, FieldName known_as) noexcept
      : name(field_name), value(field_value), known(known_as), field_class(class_of(known_as, field_name)) {}

  std::string_view name;
  std::string_view value;
  FieldName known;
  FieldClass field_class;
};

// A request head that passed the checks of RFC 9112 and the stricter ones of this gate. Filled by
// RequestParser; the vectors keep their capacity so that a connection parses without allocating.
struct RequestHead {
  std::string_view method;
  boost::beast::http::verb verb = boost::beast::http::verb::unknown;  // of exactly that method
  std::string_view target;                                            // exactly the bytes of the request line
  Version version = Version::http_1_1;
  std::vector<Field> fields;  // in the order received

  std::string_view host;                     // the Host field's value; empty when absent (HTTP/1.0 only)
  Framing framing = Framing::none;           // none, content_length or chunked
  std::uint64_t content_length = 0;          // meaningful when framing is content_length
  std::vector<std::string_view> connection;  // the options of every Connection field, as sent
  bool keep_alive = true;                    // what the client asked for (RFC 9112 9.3)
  bool expects_continue = false;             // Expect: 100-continue on HTTP/1.1
  bool websocket_upgrade = false;  // GET, HTTP/1.1, no body, Connection: upgrade, Upgrade: exactly websocket

  void clear();
};

// A response head from the upstream.
struct ResponseHead {
  Version version = Version::http_1_1;
  unsigned status = 0;      // 100 to 599
  std::string_view reason;  // may be empty
  std::vector<Field> fields;

  Framing framing = Framing::none;  // for a response to the method that was sent (RFC 9112 6.3)
  std::uint64_t content_length = 0;
  std::vector<std::string_view> connection;
  bool keep_alive = true;           // whether the upstream connection may carry another request
  bool websocket_accepted = false;  // 101 with Connection: upgrade and Upgrade: exactly websocket

  void clear();
};

// The value of the only field that `is_meant`; empty when it is absent or there twice.
template <typename Predicate>
std::string_view single_field(const RequestHead& head, Predicate is_meant) {
  std::string_view value;
  unsigned seen = 0;
  for (const Field& field : head.fields) {
    if (!is_meant(field)) continue;
    value = field.value;
    ++seen;
  }
  return seen == 1 ? value : std::string_view{};
}

}  // namespace postern::http
