#include "http/name_comparison.hpp"

#include <array>
#include <cstddef>

namespace postern::http {
namespace {

using FoldTable = std::array<unsigned char, 256>;

constexpr FoldTable lower_case = [] {
  FoldTable table{};
  for (std::size_t byte = 0; byte < table.size(); ++byte) {
    const bool upper = byte >= 'A' && byte <= 'Z';
    table[byte] = static_cast<unsigned char>(upper ? byte - 'A' + 'a' : byte);
  }
  return table;
}();

constexpr FoldTable lower_case_and_dash = [] {
  FoldTable table = lower_case;
  table['_'] = '-';
  return table;
}();

bool equal_through(const FoldTable& fold, std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (fold[static_cast<unsigned char>(a[i])] != fold[static_cast<unsigned char>(b[i])]) return false;
  }
  return true;
}

}  // namespace

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
  return equal_through(lower_case, a, b);
}

bool equal_when_folded(std::string_view a, std::string_view b) noexcept {
  return equal_through(lower_case_and_dash, a, b);
}

}  // namespace postern::http
