#pragma once
// The claims of a verified token that conditions and claim headers ask for: views into memory that the
// verifier keeps with the token, so that a known token is never parsed again.

#include <cstdint>
#include <span>
#include <string_view>

namespace postern::token {

// One scalar, as a condition compares it and a header carries it.
struct ClaimText {
  enum class Kind : std::uint8_t {
    string,   // unescaped
    integer,  // as the JSON text writes it: an optional minus sign and digits, no sign +, fraction or
              // exponent
    boolean,  // "true" or "false"
  };
  Kind kind = Kind::string;
  std::string_view text;  // UTF-8; may be empty, may hold control characters

  bool operator==(const ClaimText&) const = default;
};

// A top-level claim by its value.
struct ClaimValue {
  enum class Kind : std::uint8_t {
    absent,   // no such member; text and list are empty
    string,   // text
    integer,  // text, as ClaimText::Kind::integer
    boolean,  // text
    list,     // an array of nothing but the three above, possibly empty: list
    other,    // there, but none of these: null, an object, a fraction, a mixed or nested array
  };
  Kind kind = Kind::absent;
  std::string_view text;
  std::span<const ClaimText> list;

  [[nodiscard]] bool present() const noexcept { return kind != Kind::absent; }
};

}  // namespace postern::token
