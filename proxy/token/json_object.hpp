#pragma once
// Reads chosen top-level members of a JSON object (RFC 8259) in one pass, without a tree. Stricter than the
// RFC, since two readers of one token must not see two things (RFC 8725 2.4): valid UTF-8, no byte order
// mark, no lone surrogate, at most max_json_depth nested containers, nothing after the object, and no member
// name twice in any object of it, compared after unescaping (RFC 7515 4, RFC 7519 4).

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "token/claim_value.hpp"

namespace postern::token {

inline constexpr std::size_t max_json_depth = 32;

// whole + fraction, 0 <= fraction < 1. Beyond 64 bits the whole part is the nearest that fits.
struct Number {
  std::int64_t whole = 0;
  double fraction = 0;
};

enum class MemberKind : std::uint8_t {
  absent,
  string,
  number,  // finite
  boolean,
  list,    // an array of nothing but strings, integers and booleans, possibly empty
  single,  // an object of exactly one member, whose value is a string
  other,
};

struct Member {
  MemberKind kind = MemberKind::absent;
  std::string_view text;  // of a string, unescaped, single's too; of a number as it is written; of a boolean
  std::string_view name;  // of single's member, unescaped
  Number number;          // of a number
  std::span<const ClaimText> list;  // of a list

  [[nodiscard]] bool present() const noexcept { return kind != MemberKind::absent; }
  [[nodiscard]] bool is_string(std::string_view wanted) const noexcept {
    return kind == MemberKind::string && text == wanted;
  }
};

// Whether a JSON number is written as an integer: without fraction and exponent.
bool is_integer(std::string_view number) noexcept;

// What conditions and headers see of a member.
ClaimValue claim_value(const Member& member) noexcept;

// Keeps its memory between texts: reading ordinary ones allocates nothing.
class ObjectReader {
 public:
  // Member names to look for, all different.
  explicit ObjectReader(std::vector<std::string> names);
  ~ObjectReader();
  ObjectReader(ObjectReader&&) noexcept;
  ObjectReader& operator=(ObjectReader&&) noexcept;

  // False when `text` is not an object as above.
  bool read(std::string_view text);

  // Of the text last read, in the order of the names. Views live until the next read() and as long as that
  // text.
  [[nodiscard]] std::span<const Member> members() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace postern::token
