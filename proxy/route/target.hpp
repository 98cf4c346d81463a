#pragma once
// The request-target (RFC 9112 3.2) read once, as Starlette will read it: percent-decoded whole, split at
// '/'. Whatever has two readings is refused: see TargetFault.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace postern::route {

enum class TargetFault : std::uint8_t {
  none,
  not_origin_or_absolute_form,  // asterisk-form, authority-form, relative, another scheme, empty
  malformed_authority,  // absolute-form: empty, or with '@', '\', white space, a control, a byte over 0x7F
  encoded_slash,        // %2F, %5C
  backslash,            // raw, in the path
  dot_segment,          // "." or "..", raw or encoded
  empty_segment,        // "//"; one trailing slash is none
  fragment,             // '#' anywhere, the query too
  control_character,    // C0, DEL or C1 in the path, raw or encoded; raw C0, DEL or space anywhere
  non_ascii,            // a raw byte over 0x7F in the path
  malformed_percent_encoding,  // '%' in the path without two hexadecimal digits
  malformed_utf8,              // of the decoded path as a whole
};
std::string_view text_of(TargetFault fault) noexcept;

// One object per connection, refilled per request: its buffers keep their capacity. Its views may point into
// itself, hence it stays where it is.
class Target {
 public:
  Target() = default;
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;

  // Reads `raw`, which must outlive the use of this object's views. On a fault the views are empty.
  TargetFault parse(std::string_view raw);

  // Path and query to send upstream: the very bytes judged; for absolute-form without scheme and authority.
  [[nodiscard]] std::string_view origin_form() const noexcept { return origin_form_; }
  // Absolute-form's authority, else empty. Only split off here: whether it is a host is for the caller to
  // check.
  [[nodiscard]] std::string_view authority() const noexcept { return authority_; }
  // The raw path without the query, for the log; still percent-encoded.
  [[nodiscard]] std::string_view raw_path() const noexcept { return raw_path_; }
  // The decoded segments; one trailing slash is ignored; "/" has none.
  [[nodiscard]] const std::vector<std::string_view>& segments() const noexcept { return segments_; }

 private:
  void clear() noexcept;
  TargetFault read(std::string_view raw);
  TargetFault read_path(std::string_view path);
  TargetFault decode(std::string_view path);
  TargetFault split(std::string_view path);

  std::string_view origin_form_;
  std::string_view authority_;
  std::string_view raw_path_;
  std::string decoded_;
  std::string rebuilt_;  // absolute-form without a path has no contiguous origin-form
  std::vector<std::string_view> segments_;
};

}  // namespace postern::route
