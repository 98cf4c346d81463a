#pragma once
// Member names and texts while an object is read, see json_object.cpp.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace postern::token {

// A member name with its first bytes in a word, which settle nearly every comparison.
struct MemberName {
  explicit MemberName(std::string_view name) noexcept : text(name) {
    for (const char c : name.substr(0, sizeof prefix)) prefix = prefix << 8 | static_cast<unsigned char>(c);
  }

  bool operator==(const MemberName& other) const noexcept {
    return prefix == other.prefix && text.size() == other.text.size() &&
           (text.size() <= sizeof prefix || text == other.text);
  }
  bool operator<(const MemberName& other) const noexcept {
    if (prefix != other.prefix) return prefix < other.prefix;
    if (text.size() != other.text.size()) return text.size() < other.text.size();
    return text < other.text;
  }

  std::string_view text;
  std::uint64_t prefix = 0;
};

// Not quadratic: a thousand names fit into a token that nobody has verified yet. Reorders them.
inline bool all_differ(std::span<MemberName> names) {
  constexpr std::size_t few = 16;
  if (names.size() > few) {
    std::sort(names.begin(), names.end());
    return std::adjacent_find(names.begin(), names.end()) == names.end();
  }
  for (std::size_t i = 1; i < names.size(); ++i) {
    const auto before = names.first(i);
    if (std::find(before.begin(), before.end(), names[i]) != before.end()) return false;
  }
  return true;
}

// Keeps a text that the parser hands over in pieces. A text that came whole from the input is not copied.
class TextJoiner {
 public:
  void begin(std::string_view input) {
    input_ = input;
    used_ = piece_ = 0;
    // Unescaping never lengthens a text, so all texts of one input fit and no view is ever invalidated.
    if (buffer_.size() < input.size()) buffer_.resize(input.size());
  }

  void add(std::string_view part) noexcept {
    std::ranges::copy(part, buffer_.begin() + static_cast<std::ptrdiff_t>(used_));
    used_ += part.size();
  }

  std::string_view finish(std::string_view last) noexcept {
    if (piece_ == used_ && from_input(last)) return last;
    add(last);
    const std::size_t begin = std::exchange(piece_, used_);
    return {buffer_.data() + begin, used_ - begin};
  }

 private:
  [[nodiscard]] bool from_input(std::string_view part) const noexcept {
    const std::less_equal<const char*> not_after;
    return not_after(input_.data(), part.data()) &&
           not_after(part.data() + part.size(), input_.data() + input_.size());
  }

  std::string_view input_;
  std::vector<char> buffer_;
  std::size_t used_ = 0;
  std::size_t piece_ = 0;  // where the text under way begins
};

}  // namespace postern::token
