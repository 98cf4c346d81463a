#include "observe/log/trace_context.hpp"

#include <algorithm>
#include <cstddef>

namespace postern::observe {
namespace {

// 3.2.2: version "-" trace-id "-" parent-id "-" trace-flags
constexpr std::size_t trace_at = 3, trace_size = 32;
constexpr std::size_t parent_at = 36, parent_size = 16;
constexpr std::size_t flags_at = 53, whole_size = 55;

// 3.2.1: lower case only.
bool is_hex(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_id(std::string_view text) noexcept {
  return is_hex(text) && text.find_first_not_of('0') != std::string_view::npos;
}

}  // namespace

std::string_view trace_id_of(std::string_view traceparent) noexcept {
  if (traceparent.size() < whole_size) return {};
  const std::string_view version = traceparent.substr(0, 2);
  if (!is_hex(version) || version == "ff") return {};
  // 3.2.4: a later version may append more, behind another dash.
  if (traceparent.size() > whole_size && (version == "00" || traceparent[whole_size] != '-')) return {};
  for (const std::size_t dash : {trace_at - 1, parent_at - 1, flags_at - 1}) {
    if (traceparent[dash] != '-') return {};
  }
  const std::string_view trace = traceparent.substr(trace_at, trace_size);
  if (!is_id(trace) || !is_id(traceparent.substr(parent_at, parent_size))) return {};
  return is_hex(traceparent.substr(flags_at, 2)) ? trace : std::string_view{};
}

}  // namespace postern::observe
