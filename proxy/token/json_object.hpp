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
  number,   // finite
  strings,  // an array of nothing but strings, possibly empty
  other,
};

struct Member {
  MemberKind kind = MemberKind::absent;
  std::string_view text;                      // of a string, unescaped
  Number number;                              // of a number
  std::span<const std::string_view> strings;  // of strings, unescaped

  [[nodiscard]] bool present() const noexcept { return kind != MemberKind::absent; }
  [[nodiscard]] bool is_string(std::string_view wanted) const noexcept {
    return kind == MemberKind::string && text == wanted;
  }
};

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
